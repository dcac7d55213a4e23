//! So many requests a second of one client address to the public endpoints, in this process.

use std::{
    future::Future,
    net::IpAddr,
    num::NonZero,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, clock::Clock};
use loco_rs::app::AppContext;
use tower::{Layer, Service};

use super::client_address;
use crate::{runtime::Runtime, views::problem::Problem};

/// Addresses that have been quiet are forgotten when so many are known.
const SHRINK_AT: usize = 10_000;

type Limiter = DefaultKeyedRateLimiter<IpAddr>;

/// A layer for the routes that anybody may call. Does nothing when switched off.
#[derive(Clone)]
pub struct RateLimit(Option<Arc<Limiter>>);

impl RateLimit {
    pub fn of(ctx: &AppContext) -> Self {
        let limiter = Runtime::of(ctx).ok().and_then(|rollcall| {
            let settings = &rollcall.settings.rate_limit;
            let per_second = NonZero::new(settings.per_second).filter(|_| settings.enable)?;
            let burst = NonZero::new(settings.burst)?;
            Some(Arc::new(Limiter::keyed(
                Quota::per_second(per_second).allow_burst(burst),
            )))
        });
        Self(limiter)
    }

    fn check(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        let (Some(limiter), Some(address)) = (&self.0, address) else {
            return Ok(());
        };
        if limiter.len() > SHRINK_AT {
            limiter.retain_recent();
        }
        limiter.check_key(&address).map_err(|not_until| {
            let wait = not_until.wait_time_from(limiter.clock().now());
            Problem::too_many_requests(wait.as_secs() + 1)
        })
    }
}

impl<S> Layer<S> for RateLimit {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        Limited {
            limit: self.clone(),
            inner,
        }
    }
}

#[derive(Clone)]
pub struct Limited<S> {
    limit: RateLimit,
    inner: S,
}

impl<S> Service<Request> for Limited<S>
where
    S: Service<Request, Response = Response> + Send,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.limit.check(client_address::of(request.extensions())) {
            Ok(()) => Box::pin(self.inner.call(request)),
            Err(problem) => Box::pin(async move { Ok(problem.into_response()) }),
        }
    }
}

//! A middleware whose inside is shared between requests. axum clones a route for each request, and each layer
//! clones what is inside of it once more, down to the handler: with a dozen layers that is most of what a
//! small answer costs. Through this, each copies itself alone.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Router, extract::Request, response::Response, routing::Route};
use loco_rs::{app::AppContext, controller::middleware::MiddlewareLayer};
use tower::{Service, ServiceExt, layer::layer_fn, util::Oneshot};

pub struct Shared(pub Box<dyn MiddlewareLayer>);

impl MiddlewareLayer for Shared {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is_enabled(&self) -> bool {
        self.0.is_enabled()
    }

    fn config(&self) -> serde_json::Result<serde_json::Value> {
        self.0.config()
    }

    fn apply(&self, app: Router<AppContext>) -> loco_rs::Result<Router<AppContext>> {
        Ok(self
            .0
            .apply(app)?
            .layer(layer_fn(|route| Inside(Arc::new(route)))))
    }
}

#[derive(Clone)]
struct Inside(Arc<Route>);

impl Service<Request> for Inside {
    type Response = Response;
    type Error = Infallible;
    type Future = Oneshot<Route, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        (*self.0).clone().oneshot(request)
    }
}

//! How a middleware of ours is put around a route. axum clones a route for each request, and each layer
//! clones what is inside of it once more, down to the handler; its `from_fn` boxes it anew besides. With
//! a dozen layers that is most of what a small answer costs. Here what is inside is shared.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Router, extract::Request, response::Response, routing::Route};
use futures_util::{FutureExt, future::Map};
use loco_rs::app::AppContext;
use tower::{Service, ServiceExt, layer::layer_fn};

/// Let this function answer all requests, with the help of what is inside.
pub fn around<F, Answer>(app: Router<AppContext>, answer: F) -> Router<AppContext>
where
    F: Fn(Request, Inside) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    app.layer(layer_fn(move |route| Around {
        answer: answer.clone(),
        inside: Inside(Arc::new(route)),
    }))
}

/// What a middleware is around of.
#[derive(Clone)]
pub struct Inside(Arc<Route>);

impl Inside {
    pub async fn answer(self, request: Request) -> Response {
        match Route::clone(&self.0).oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

#[derive(Clone)]
struct Around<F> {
    answer: F,
    inside: Inside,
}

impl<F, Answer> Service<Request> for Around<F>
where
    F: Fn(Request, Inside) -> Answer,
    Answer: Future<Output = Response>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Map<Answer, fn(Response) -> Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        (self.answer)(request, self.inside.clone()).map(Ok)
    }
}

//! So many requests are answered at once; further ones are refused before anything is done for them.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use loco_rs::{app::AppContext, controller::middleware::MiddlewareLayer};
use tokio::sync::Semaphore;

use crate::views::problem::Problem;

pub struct MaxRequests(pub usize);

impl MiddlewareLayer for MaxRequests {
    fn name(&self) -> &'static str {
        "max_requests"
    }

    fn config(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(self.0)
    }

    fn apply(&self, app: Router<AppContext>) -> loco_rs::Result<Router<AppContext>> {
        let places = Arc::new(Semaphore::new(self.0));
        Ok(app.layer(axum::middleware::from_fn(
            move |request: Request, next: Next| answer(places.clone(), request, next),
        )))
    }
}

async fn answer(places: Arc<Semaphore>, request: Request, next: Next) -> Response {
    // What watches over the service must see it also when it is busy.
    if request.uri().path().starts_with("/_") {
        return next.run(request).await;
    }
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => Problem::unavailable().into_response(),
    }
}

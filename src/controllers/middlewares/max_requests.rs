//! Requests beyond what can be done are refused before anything is done for them: beyond so many at once,
//! and while the database can't keep up.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
};
use loco_rs::{app::AppContext, controller::middleware::MiddlewareLayer};
use tokio::sync::Semaphore;

use super::around::{Inside, around};
use crate::{runtime::Runtime, views::problem::Problem};

pub struct MaxRequests(pub Runtime);

impl MiddlewareLayer for MaxRequests {
    fn name(&self) -> &'static str {
        "max_requests"
    }

    fn config(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(self.0.settings.serving.max_requests)
    }

    fn apply(&self, app: Router<AppContext>) -> loco_rs::Result<Router<AppContext>> {
        let rollcall = self.0.clone();
        let places = Arc::new(Semaphore::new(rollcall.settings.serving.max_requests));
        Ok(around(app, move |request, inside| {
            answer(rollcall.clone(), places.clone(), request, inside)
        }))
    }
}

async fn answer(
    rollcall: Runtime,
    places: Arc<Semaphore>,
    request: Request,
    inside: Inside,
) -> Response {
    // What watches over the service must see it also when it is busy.
    if request.uri().path().starts_with("/_") {
        return inside.answer(request).await;
    }
    let reason = match places.try_acquire() {
        Ok(_) if rollcall.is_overloaded() => "database",
        Ok(_place) => return inside.answer(request).await,
        Err(_) => "requests",
    };
    rollcall.metrics.shed(reason);
    Problem::unavailable().into_response()
}

//! What happened to a request. In place of the framework's, which writes the whole URI, and the token of
//! a link in a mail with it.

use std::time::Instant;

use axum::{Router, extract::Request, middleware::Next, response::Response};
use loco_rs::{
    app::AppContext,
    controller::middleware::{MiddlewareLayer, request_id::LocoRequestId},
};
use tracing::Instrument;

pub struct RequestLog;

impl MiddlewareLayer for RequestLog {
    fn name(&self) -> &'static str {
        "request_log"
    }

    fn config(&self) -> serde_json::Result<serde_json::Value> {
        Ok(serde_json::json!({}))
    }

    fn apply(&self, app: Router<AppContext>) -> loco_rs::Result<Router<AppContext>> {
        Ok(app.layer(axum::middleware::from_fn(log)))
    }
}

/// Every line that is written meanwhile carries the request's id, method and path, never its query.
async fn log(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<LocoRequestId>();
    let span = tracing::info_span!(
        "request",
        request.id = id.map_or("", LocoRequestId::get),
        http.method = request.method().as_str(),
        http.path = request.uri().path(),
    );
    let started = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::debug!(http.status = status, duration_us = micros, "answered"));
    response
}

//! What happened to a request: a line of the log, a count, and a span where a collector is set. In place of
//! the framework's, which writes the whole URI, and the token of a link in a mail with it.

use std::time::Instant;

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::Method,
    response::Response,
};
use loco_rs::{
    app::AppContext,
    controller::middleware::{MiddlewareLayer, request_id::LocoRequestId},
};
use tracing::{Instrument, Span, field::Empty};
use uuid::Uuid;

use super::around::{Inside, around};
use crate::runtime::Runtime;

/// Answered by no handler.
const UNMATCHED: &str = "unmatched";

/// Nothing is counted without a runtime.
pub struct RequestLog(pub Option<Runtime>);

impl MiddlewareLayer for RequestLog {
    fn name(&self) -> &'static str {
        "request_log"
    }

    fn config(&self) -> serde_json::Result<serde_json::Value> {
        Ok(serde_json::json!({}))
    }

    fn apply(&self, app: Router<AppContext>) -> loco_rs::Result<Router<AppContext>> {
        let Some(rollcall) = self.0.clone() else {
            return Ok(app);
        };
        Ok(around(app, move |request, inside| {
            log(rollcall.clone(), request, inside)
        }))
    }
}

/// Every line that is written meanwhile carries the request's id, method and path, never its query.
async fn log(rollcall: Runtime, request: Request, inside: Inside) -> Response {
    let _in_flight = rollcall.metrics.request();
    let id = request.extensions().get::<LocoRequestId>();
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        request.id = id.map_or("", LocoRequestId::get),
        http.method = method,
        http.path = request.uri().path(),
        user.id = Empty,
    );
    let headers = request.headers();
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let trace = rollcall.traces.begin(header, method, route);
    let started = Instant::now();
    let response = inside.answer(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let took = started.elapsed();
    if let Some(trace) = trace {
        trace.end(status);
    }
    rollcall.metrics.answered(method, route, status, took);
    if rollcall.settings.serving.log_requests {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        span.in_scope(|| {
            tracing::info!(
                http.route = route,
                http.status = status,
                duration_us = micros,
                "answered"
            );
        });
    }
    response
}

/// Who the request of this moment is from.
pub fn note_user(id: Uuid) {
    Span::current().record("user.id", tracing::field::display(id));
}

/// Anybody may invent methods; there are few to be counted.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

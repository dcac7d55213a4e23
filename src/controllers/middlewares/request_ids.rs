//! A request's id is the caller's where it is a well-formed one, and ours otherwise: the framework would
//! take what is left of it.

use axum::{Router, extract::Request, http::HeaderValue, middleware::Next, response::Response};
use loco_rs::{app::AppContext, controller::middleware::MiddlewareLayer};

const HEADER: &str = "x-request-id";
const MAX_LENGTH: usize = 128;

pub struct RequestIds;

impl MiddlewareLayer for RequestIds {
    fn name(&self) -> &'static str {
        "request_ids"
    }

    fn config(&self) -> serde_json::Result<serde_json::Value> {
        Ok(serde_json::json!({}))
    }

    fn apply(&self, app: Router<AppContext>) -> loco_rs::Result<Router<AppContext>> {
        Ok(app.layer(axum::middleware::from_fn(well_formed)))
    }
}

async fn well_formed(mut request: Request, next: Next) -> Response {
    let mut given = request.headers().get_all(HEADER).iter();
    let one = (given.next(), given.next());
    if !matches!(one, (Some(id), None) if is_well_formed(id)) {
        request.headers_mut().remove(HEADER);
    }
    next.run(request).await
}

/// What the framework leaves as it is.
fn is_well_formed(id: &HeaderValue) -> bool {
    let id = id.as_bytes();
    let may_be = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_@".contains(byte);
    (1..=MAX_LENGTH).contains(&id.len()) && id.iter().all(may_be)
}

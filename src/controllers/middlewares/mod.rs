//! One middleware a file: what answers is a `MiddlewareLayer` of the framework, what only changes the request
//! is done before routing, all in one go.

mod around;
pub mod client_address;
pub mod max_requests;
pub mod problems;
pub mod rate_limit;
pub mod request_ids;
pub mod request_log;
pub mod trailing_slash;

use std::sync::Arc;

use axum::{Router, extract::Request};
use ipnet::IpNet;
use loco_rs::{
    app::AppContext,
    controller::middleware::{MiddlewareLayer, MiddlewareStackExt, default_middleware_stack},
};
use tower::{Layer, util::MapRequestLayer};

use crate::runtime::Runtime;

/// What has to be known before it is known which route a request is for.
pub fn before_routing(router: Router, trusted_proxies: &[IpNet]) -> Router {
    let trusted: Arc<[IpNet]> = trusted_proxies.into();
    let change = move |request: Request| {
        let request = request_ids::check(trailing_slash::trim(request));
        client_address::note(request, &trusted)
    };
    Router::new().fallback_service(MapRequestLayer::new(change).layer(router))
}

/// The framework's stack, from the inside out, with ours in it: problems outside everything that can
/// refuse a request, CORS outside of problems so that a browser may read them.
pub fn stack(ctx: &AppContext) -> Vec<Box<dyn MiddlewareLayer>> {
    let mut stack = default_middleware_stack(ctx);
    let rollcall = Runtime::of(ctx).ok();
    let log = request_log::RequestLog(rollcall.clone());
    stack.replace("logger", Box::new(log));
    let cors = stack
        .iter()
        .position(|layer| layer.name() == "cors")
        .map(|at| stack.remove(at));
    stack.insert_after("timeout_request", Box::new(problems::Problems));
    if let Some(rollcall) = rollcall {
        let layer = Box::new(max_requests::MaxRequests(rollcall));
        stack.insert_after("timeout_request", layer);
    }
    if let Some(cors) = cors {
        stack.insert_after("problems", cors);
    }
    stack
}

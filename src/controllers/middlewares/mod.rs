//! One middleware a file, each a `MiddlewareLayer` of the framework.

pub mod client_address;
pub mod max_requests;
pub mod problems;
pub mod rate_limit;
pub mod request_ids;
pub mod request_log;
mod shared;
pub mod trailing_slash;

use loco_rs::{
    app::AppContext,
    controller::middleware::{MiddlewareLayer, MiddlewareStackExt, default_middleware_stack},
};

use crate::runtime::Runtime;

/// The framework's stack, from the inside out, with ours in it: problems outside everything that can
/// refuse a request, CORS outside of problems so that a browser may read them.
pub fn stack(ctx: &AppContext) -> Vec<Box<dyn MiddlewareLayer>> {
    let mut stack = default_middleware_stack(ctx);
    let rollcall = Runtime::of(ctx).ok();
    let log = request_log::RequestLog(rollcall.clone());
    stack.replace("logger", Box::new(log));
    stack.insert_after("request_id", Box::new(request_ids::RequestIds));
    let cors = stack
        .iter()
        .position(|layer| layer.name() == "cors")
        .map(|at| stack.remove(at));
    stack.insert_after("timeout_request", Box::new(problems::Problems));
    if let Some(rollcall) = rollcall.clone() {
        let layer = Box::new(max_requests::MaxRequests(rollcall));
        stack.insert_after("timeout_request", layer);
    }
    let trusted = rollcall
        .map(|r| r.settings.trusted_proxies.0.clone())
        .unwrap_or_default();
    stack.insert_after(
        "problems",
        Box::new(client_address::ClientAddresses { trusted }),
    );
    if let Some(cors) = cors {
        stack.insert_after("problems", cors);
    }
    let shared = stack
        .into_iter()
        .map(|layer| Box::new(shared::Shared(layer)) as _);
    shared.collect()
}

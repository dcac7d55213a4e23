//! One middleware a file, each a `MiddlewareLayer` of the framework.

pub mod problems;
pub mod trailing_slash;

use loco_rs::{
    app::AppContext,
    controller::middleware::{MiddlewareLayer, MiddlewareStackExt, default_middleware_stack},
};

/// The framework's stack, from the inside out, with ours in it: problems outside everything that can
/// refuse a request, CORS outside of problems so that a browser may read them.
pub fn stack(ctx: &AppContext) -> Vec<Box<dyn MiddlewareLayer>> {
    let mut stack = default_middleware_stack(ctx);
    let cors = stack
        .iter()
        .position(|layer| layer.name() == "cors")
        .map(|at| stack.remove(at));
    stack.insert_after("timeout_request", Box::new(problems::Problems));
    if let Some(cors) = cors {
        stack.insert_after("problems", cors);
    }
    stack
}

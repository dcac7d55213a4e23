//! What handlers have as their state.

use std::sync::Arc;

use axum::routing::MethodRouter;
use loco_rs::app::AppContext;

/// Where a handler's extractors find the application.
pub trait Context: Send + Sync {
    fn app(&self) -> &AppContext;
}

impl Context for AppContext {
    fn app(&self) -> &AppContext {
        self
    }
}

impl Context for Arc<AppContext> {
    fn app(&self) -> &AppContext {
        self
    }
}

/// The framework copies its context for every request, twice, and the whole configuration with it: half of what
/// a small answer costs. With `.share(ctx)` the handlers of a route have one between them.
pub trait Share {
    fn share(self, ctx: &AppContext) -> MethodRouter<AppContext>;
}

impl Share for MethodRouter<Arc<AppContext>> {
    fn share(self, ctx: &AppContext) -> MethodRouter<AppContext> {
        self.with_state(Arc::new(ctx.clone()))
    }
}

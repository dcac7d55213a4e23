//! What handlers have as their state.

use std::sync::Arc;

use loco_rs::app::AppContext;

/// One for all handlers. axum copies the state for every request, twice, and the framework's context is copied with
/// its whole configuration: half of what a small answer costs. So routes end with `.with_state(ctx.clone())`.
pub type SharedContext = Arc<AppContext>;

/// Where a handler's extractors find the application.
pub trait Context: Send + Sync {
    fn app(&self) -> &AppContext;
}

impl Context for AppContext {
    fn app(&self) -> &AppContext {
        self
    }
}

impl Context for SharedContext {
    fn app(&self) -> &AppContext {
        self
    }
}

//! Another configuration, another process on the same database.

use loco_rs::{
    app::{AppContext, Hooks},
    boot::StartMode,
    config::Config,
    environment::Environment,
};
use rollcall::{app::App, runtime::Runtime};
use serde_json::Value;

use super::{
    Service,
    waiting::{LONG, until},
};

/// Set a key below `settings:`, named as `throttle.enable`.
pub fn set(config: &mut Config, key: &str, value: impl Into<Value>) {
    let settings = config.settings.as_mut().expect("settings");
    let pointer = format!("/{}", key.replace('.', "/"));
    *settings.pointer_mut(&pointer).expect("a known key") = value.into();
}

/// Let go of the database. PostgreSQL drops none that somebody is connected to.
pub async fn stop(ctx: &AppContext) {
    Runtime::of(ctx).expect("a runtime").stop().await;
    ctx.db.close_by_ref().await.expect("the pool to close");
}

impl Service {
    /// Another node on the same database. It keeps its own clock.
    pub async fn another_node(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.ctx.config.clone();
        change(&mut config);
        let boot = App::boot(StartMode::ServerOnly, &Environment::Test, config)
            .await
            .expect("a node");
        let ctx = boot.app_context;
        let mut nodes = self.nodes.lock().expect("the nodes");
        nodes.push(ctx.clone());
        Self {
            router: boot.router.expect("a router"),
            rollcall: Runtime::of(&ctx).expect("a runtime"),
            ctx,
            nodes: self.nodes.clone(),
        }
    }

    /// Wait until authentications in memory count.
    pub async fn is_trusted(&self) {
        let authentications = &self.rollcall.sessions.authentications;
        until(LONG, || std::future::ready(authentications.is_trusted())).await;
    }

    pub fn on_sqlite(&self) -> bool {
        self.ctx.config.database.uri.starts_with("sqlite:")
    }
}

//! What a load balancer asks. At the framework's paths.

use axum::Json;
use loco_rs::{controller::Routes, prelude::get};

use super::{context::SharedContext, extractors::Rollcall};
use crate::views::{
    monitoring::Health,
    problem::{Problem, Result},
};

/// Ping
///
/// The process answers.
#[utoipa::path(
    get, path = "/_ping", tag = "monitoring",
    responses((status = 200, description = "Alive", body = Health))
)]
pub async fn ping() -> Json<Health> {
    Json(Health { ok: true })
}

/// Health
///
/// The process is alive; says nothing of the database.
#[utoipa::path(
    get, path = "/_health", tag = "monitoring",
    responses((status = 200, description = "Alive", body = Health))
)]
pub async fn health() -> Json<Health> {
    Json(Health { ok: true })
}

/// Readiness
///
/// Requests can be served: the database takes writes, and the process is not about to stop.
#[utoipa::path(
    get, path = "/_readiness", tag = "monitoring",
    responses(
        (status = 200, description = "Ready", body = Health),
        (status = 503, description = "Not at the moment: `service_unavailable`"),
    )
)]
pub async fn readiness(rollcall: Rollcall) -> Result<Json<Health>> {
    rollcall.check_ready().await.map_err(|err| {
        tracing::error!(error = %err, "not ready");
        Problem::unavailable()
    })?;
    Ok(Json(Health { ok: true }))
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .add("/_ping", get(ping).with_state(ctx.clone()))
        .add("/_health", get(health).with_state(ctx.clone()))
        .add("/_readiness", get(readiness).with_state(ctx.clone()))
}

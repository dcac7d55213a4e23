//! `/v1/api/users/sessions`: where the caller is logged in.

use axum::{Json, http::StatusCode};
use loco_rs::{
    controller::Routes,
    prelude::{delete, get},
};

use super::{
    context::SharedContext,
    extractors::{CurrentUser, PathId, Rollcall},
};
use crate::views::{problem::Result, sessions::SessionResponse};

/// List sessions
///
/// Where the current user is logged in, the latest login first.
#[utoipa::path(
    get, path = "/v1/api/users/sessions", tag = "sessions", security(("oauth2" = [])),
    responses((status = 200, description = "The live sessions", body = [SessionResponse]))
)]
pub async fn index(rollcall: Rollcall, caller: CurrentUser) -> Result<Json<Vec<SessionResponse>>> {
    let now = rollcall.clock.now();
    let sessions = rollcall
        .sessions
        .list(&rollcall.db, caller.user(), now)
        .await?;
    let current = caller.session().id;
    Ok(Json(
        sessions
            .into_iter()
            .map(|session| SessionResponse::new(session, current))
            .collect(),
    ))
}

/// End a session
///
/// One of the current user's own, also this one.
#[utoipa::path(
    delete, path = "/v1/api/users/sessions/{id}", tag = "sessions", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The session's id")),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 404, description = "No such session, or somebody else's: `not_found`"),
    )
)]
pub async fn destroy(
    rollcall: Rollcall,
    caller: CurrentUser,
    PathId(id): PathId,
) -> Result<StatusCode> {
    let (means, user_id) = (rollcall.means_of(&caller), caller.user().id);
    let sessions = &rollcall.sessions;
    sessions
        .revoke_of(means, user_id, id, "revoked_by_user")
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("/v1/api/users/sessions")
        .add("/", get(index).with_state(ctx.clone()))
        .add("/{id}", delete(destroy).with_state(ctx.clone()))
}

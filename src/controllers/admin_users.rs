//! `/v1/api/admin/users`: everybody's accounts, for administrators.

use axum::{
    Json,
    extract::{DefaultBodyLimit, OriginalUri},
    http::StatusCode,
    response::Response,
};
use loco_rs::{
    controller::Routes,
    prelude::{get, post, put},
};

use super::{
    context::SharedContext,
    extractors::{AdminUser, PathId, PathIds, Rollcall, ValidJson, ValidQuery},
};
use crate::{
    models::{
        self,
        users::{
            self,
            administration::{AdminUpdateParams, RoleParams},
            import::{self, BatchParams},
            invitation::InviteParams,
            search::{self, SearchParams},
            suspension::SuspendParams,
        },
    },
    views::{
        admin::{AdminUserResponse, BatchResponse},
        page::Page,
        problem::Result,
        sessions::SessionResponse,
    },
};

/// Bytes of a thousand accounts, with something to spare.
const MAX_BATCH_BODY: usize = 2 * 1024 * 1024;

/// Search accounts
///
/// Filters, free text, any order; pages that hold still while accounts come and go.
#[utoipa::path(
    get, path = "/v1/api/admin/users", tag = "admin", security(("oauth2" = [])),
    params(SearchParams),
    responses(
        (status = 200, description = "A page of accounts", body = Page<AdminUserResponse>,
            headers(("Link" = String, description = "The next page: `rel=\"next\"`"))),
        (status = 422, description = "Parameters that are not valid, all of them: `validation_failed`"),
    )
)]
pub async fn index(
    rollcall: Rollcall,
    _: AdminUser,
    OriginalUri(uri): OriginalUri,
    ValidQuery(params): ValidQuery<SearchParams>,
) -> Result<Response> {
    let (db, now) = (&rollcall.db, rollcall.clock.now());
    let page = search::page(db, &rollcall.cursors, &params, now).await?;
    let total = match params.total {
        Some(true) => Some(search::total(db, &params, now).await?),
        _ => None,
    };
    let page = Page::of(page, |user| AdminUserResponse::new(user, now));
    Ok(page.with_total(total).answer(&uri))
}

/// Make an account
///
/// Without a password: the owner chooses it by the link that is sent. The same as an invitation.
#[utoipa::path(
    post, path = "/v1/api/admin/users", tag = "admin", security(("oauth2" = [])),
    request_body = InviteParams,
    responses(
        (status = 201, description = "The new account; the invitation is on its way", body = AdminUserResponse),
        (status = 409, description = "A living account has this username, email or phone number: `already_taken`"),
    )
)]
pub async fn create(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    ValidJson(params): ValidJson<InviteParams>,
) -> Result<(StatusCode, Json<AdminUserResponse>)> {
    let means = rollcall.means_of(&caller);
    let user = users::Model::invite(means, params).await?;
    Ok((
        StatusCode::CREATED,
        Json(AdminUserResponse::new(user, means.now)),
    ))
}

/// Import accounts
///
/// Up to 1,000 at once, with the hashes of their passwords. Those that can go in do, in one transaction;
/// of each other one it is told why not. For more there is the task `users:import`.
#[utoipa::path(
    post, path = "/v1/api/admin/users/batch", tag = "admin", security(("oauth2" = [])),
    request_body = BatchParams,
    responses((status = 200, description = "What became of each", body = BatchResponse))
)]
pub async fn batch(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    ValidJson(params): ValidJson<BatchParams>,
) -> Result<Json<BatchResponse>> {
    let means = rollcall.means_of(&caller);
    let outcome = import::insert_now(means, &rollcall.settings, params).await?;
    Ok(Json(outcome.into()))
}

/// Show an account
///
/// Also a deleted one, until it is purged.
#[utoipa::path(
    get, path = "/v1/api/admin/users/{id}", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    responses((status = 200, description = "The account", body = AdminUserResponse))
)]
pub async fn show(
    rollcall: Rollcall,
    _: AdminUser,
    PathId(id): PathId,
) -> Result<Json<AdminUserResponse>> {
    let user = users::Model::find_by_id(&rollcall.db, id).await?;
    Ok(Json(AdminUserResponse::new(user, rollcall.clock.now())))
}

/// Change an account
///
/// A new email ends the account's sessions and must be confirmed; both addresses are told.
#[utoipa::path(
    patch, path = "/v1/api/admin/users/{id}", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    request_body = AdminUpdateParams,
    responses(
        (status = 200, description = "The account as it is now", body = AdminUserResponse),
        (status = 409, description = "Another living account has this username, email or phone number: `already_taken`"),
    )
)]
pub async fn update(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathId(id): PathId,
    ValidJson(params): ValidJson<AdminUpdateParams>,
) -> Result<Json<AdminUserResponse>> {
    let means = rollcall.means_of(&caller);
    let user = users::Model::update_as_admin(id, means, params).await?;
    Ok(Json(AdminUserResponse::new(user, means.now)))
}

/// Delete an account
///
/// A soft delete: its identifiers are free at once, and it can be restored for a while.
#[utoipa::path(
    delete, path = "/v1/api/admin/users/{id}", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "The last active administrator can't be deleted: `last_admin`"),
    )
)]
pub async fn destroy(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathId(id): PathId,
) -> Result<StatusCode> {
    let user = users::Model::find_by_id(&rollcall.db, id).await?;
    let means = rollcall.means_of(&caller);
    user.soft_delete(means, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a role
///
/// It counts from the next request on.
#[utoipa::path(
    put, path = "/v1/api/admin/users/{id}/role", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    request_body = RoleParams,
    responses(
        (status = 200, description = "The account as it is now", body = AdminUserResponse),
        (status = 409, description = "The last active administrator stays one: `last_admin`"),
    )
)]
pub async fn assign_role(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathId(id): PathId,
    ValidJson(params): ValidJson<RoleParams>,
) -> Result<Json<AdminUserResponse>> {
    let means = rollcall.means_of(&caller);
    let user = users::Model::find_by_id(means.db, id).await?;
    let role = params.role.ok_or(models::Error::NotFound)?;
    let user = user.assign_role(means, role, true).await?;
    Ok(Json(AdminUserResponse::new(user, means.now)))
}

/// Suspend an account
///
/// Ends its sessions and keeps it out, until a time or until it is lifted. Suspending again replaces
/// reason and end.
#[utoipa::path(
    put, path = "/v1/api/admin/users/{id}/suspension", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    request_body = SuspendParams,
    responses(
        (status = 200, description = "The account as it is now", body = AdminUserResponse),
        (status = 409, description = "The last active administrator can't be suspended: `last_admin`"),
    )
)]
pub async fn suspend(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathId(id): PathId,
    ValidJson(params): ValidJson<SuspendParams>,
) -> Result<Json<AdminUserResponse>> {
    let means = rollcall.means_of(&caller);
    let user = users::Model::find_by_id(means.db, id).await?;
    let user = user.suspend(means, params).await?;
    Ok(Json(AdminUserResponse::new(user, means.now)))
}

/// Lift a suspension
///
/// Lifting none changes nothing.
#[utoipa::path(
    delete, path = "/v1/api/admin/users/{id}/suspension", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    responses((status = 204, description = "The account may log in"))
)]
pub async fn reinstate(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathId(id): PathId,
) -> Result<StatusCode> {
    let means = rollcall.means_of(&caller);
    let user = users::Model::find_by_id(means.db, id).await?;
    user.reinstate(means).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a deleted account
///
/// As it was; its sessions stay ended.
#[utoipa::path(
    post, path = "/v1/api/admin/users/{id}/restore", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The account as it is now", body = AdminUserResponse),
        (status = 409, description = "A living account has one of its identifiers by now: `already_taken`"),
    )
)]
pub async fn restore(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathId(id): PathId,
) -> Result<Json<AdminUserResponse>> {
    let means = rollcall.means_of(&caller);
    let user = users::Model::restore(means, id).await?;
    Ok(Json(AdminUserResponse::new(user, means.now)))
}

/// Force a new password
///
/// The old one is void at once, all sessions end, and a link by which another one is chosen is sent.
#[utoipa::path(
    post, path = "/v1/api/admin/users/{id}/password-reset", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    responses((status = 204, description = "The mail is on its way"))
)]
pub async fn force_password_reset(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathId(id): PathId,
) -> Result<StatusCode> {
    users::Model::force_password_reset(id, rollcall.means_of(&caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List somebody's sessions
///
/// Where this user is logged in, the latest login first.
#[utoipa::path(
    get, path = "/v1/api/admin/users/{id}/sessions", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    responses((status = 200, description = "The live sessions", body = [SessionResponse]))
)]
pub async fn sessions(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathId(id): PathId,
) -> Result<Json<Vec<SessionResponse>>> {
    let (db, now) = (&rollcall.db, rollcall.clock.now());
    let user = users::Model::find_by_id(db, id).await?;
    let sessions = rollcall.sessions.list(db, &user, now).await?;
    let own = caller.session().id;
    let sessions = sessions.into_iter();
    Ok(Json(
        sessions
            .map(|session| SessionResponse::new(session, own))
            .collect(),
    ))
}

/// End all of somebody's sessions
///
/// The very next request with any of their tokens is refused.
#[utoipa::path(
    delete, path = "/v1/api/admin/users/{id}/sessions", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    responses((status = 204, description = "All sessions have ended"))
)]
pub async fn end_sessions(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathId(id): PathId,
) -> Result<StatusCode> {
    let means = rollcall.means_of(&caller);
    let user = users::Model::find_by_id(means.db, id).await?;
    let sessions = &rollcall.sessions;
    sessions
        .revoke_all(means, user.id, "revoked_by_admin")
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of somebody's sessions
#[utoipa::path(
    delete, path = "/v1/api/admin/users/{id}/sessions/{session_id}", tag = "admin", security(("oauth2" = [])),
    params(
        ("id" = Uuid, Path, description = "The user's id"),
        ("session_id" = Uuid, Path, description = "The session's id"),
    ),
    responses((status = 204, description = "The session has ended"))
)]
pub async fn end_session(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathIds(id, session_id): PathIds,
) -> Result<StatusCode> {
    let means = rollcall.means_of(&caller);
    let sessions = &rollcall.sessions;
    sessions
        .revoke_of(means, id, session_id, "revoked_by_admin")
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("/v1/api/admin/users")
        .add("/", get(index).post(create).with_state(ctx.clone()))
        .add(
            "/batch",
            post(batch)
                .layer(DefaultBodyLimit::max(MAX_BATCH_BODY))
                .with_state(ctx.clone()),
        )
        .add(
            "/{id}",
            get(show)
                .patch(update)
                .delete(destroy)
                .with_state(ctx.clone()),
        )
        .add("/{id}/role", put(assign_role).with_state(ctx.clone()))
        .add(
            "/{id}/suspension",
            put(suspend).delete(reinstate).with_state(ctx.clone()),
        )
        .add("/{id}/restore", post(restore).with_state(ctx.clone()))
        .add(
            "/{id}/password-reset",
            post(force_password_reset).with_state(ctx.clone()),
        )
        .add(
            "/{id}/sessions",
            get(sessions).delete(end_sessions).with_state(ctx.clone()),
        )
        .add(
            "/{id}/sessions/{session_id}",
            axum::routing::delete(end_session).with_state(ctx.clone()),
        )
}

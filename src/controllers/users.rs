//! `/v1/api/users`: the caller's own account, and others for administrators.

use axum::{Json, http::StatusCode};
use loco_rs::{controller::Routes, prelude::get};

use super::{
    context::SharedContext,
    extractors::{AdminUser, CurrentUser, PathId, PathName, Rollcall, ValidJson},
};
use crate::{
    models::users::profile::UpdateParams,
    views::{
        problem::Result,
        users::{Message, UserResponse},
    },
};

/// Get user info
///
/// The account that the token belongs to.
#[utoipa::path(
    get, path = "/v1/api/users/", tag = "users", security(("oauth2" = [])),
    responses((status = 200, description = "The current user", body = UserResponse))
)]
pub async fn show_current(caller: CurrentUser) -> Json<UserResponse> {
    Json(caller.user().clone().into())
}

/// Update user profile
///
/// Fields that are left out stay as they are. A new password or email needs a recent login or
/// `current_password`. A new email is sent a link to confirm it; until then the old one stays, also in
/// this answer.
#[utoipa::path(
    patch, path = "/v1/api/users/", tag = "users", security(("oauth2" = [])),
    request_body(content = UpdateParams, example = json!({"first_name": "Updated", "password": "newsecurepassword"})),
    responses(
        (status = 202, description = "The account as it is now", body = UserResponse),
        (status = 403, description = "The password must be shown again: `reauthentication_required`"),
        (status = 429, description = "The new email address was sent too many mails: `too_many_requests`"),
        (status = 409, description = "Another living account has this username, email or phone number: `already_taken`"),
    )
)]
pub async fn update_current(
    rollcall: Rollcall,
    caller: CurrentUser,
    ValidJson(params): ValidJson<UpdateParams>,
) -> Result<(StatusCode, Json<UserResponse>)> {
    let authentication = caller.authentication(&rollcall);
    let user = caller
        .user()
        .update_profile(rollcall.means_of(&caller), params, authentication)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(user.into())))
}

/// Delete account
///
/// A soft delete: the account is gone at once and its username, email and phone number are free.
#[utoipa::path(
    delete, path = "/v1/api/users/", tag = "users", security(("oauth2" = [])),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "The last active administrator can't be deleted: `last_admin`"),
    )
)]
pub async fn destroy_current(rollcall: Rollcall, caller: CurrentUser) -> Result<StatusCode> {
    let keep_last_admin = !rollcall.settings.registration.allow_admin;
    let user = caller.user().clone();
    user.soft_delete(rollcall.means_of(&caller), keep_last_admin)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Admin only
///
/// Is the caller an administrator, at this moment?
#[utoipa::path(
    get, path = "/v1/api/users/admin-only", tag = "users", security(("oauth2" = [])),
    responses(
        (status = 200, description = "The caller is an administrator", body = Message),
        (status = 403, description = "The caller has another role: `forbidden`"),
    )
)]
pub async fn admin_only(_: AdminUser) -> Json<Message> {
    Json(Message {
        message: "Admin access granted",
    })
}

/// Get user by id
///
/// One's own account, or anybody's for an administrator.
#[utoipa::path(
    get, path = "/v1/api/users/{id}", tag = "users", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user", body = UserResponse),
        (status = 404, description = "No such user, or none that the caller may see: `not_found`"),
    )
)]
pub async fn show(
    rollcall: Rollcall,
    caller: CurrentUser,
    PathId(id): PathId,
) -> Result<Json<UserResponse>> {
    let user = caller.user().find_visible(&rollcall.db, id).await?;
    Ok(Json(user.into()))
}

/// Get user by username
///
/// One's own account, or anybody's for an administrator.
#[utoipa::path(
    get, path = "/v1/api/users/by-username/{username}", tag = "users", security(("oauth2" = [])),
    params(("username" = String, Path, description = "The username, in any case", example = "testuser")),
    responses(
        (status = 200, description = "The user", body = UserResponse),
        (status = 404, description = "No such user, or none that the caller may see: `not_found`"),
    )
)]
pub async fn show_by_username(
    rollcall: Rollcall,
    caller: CurrentUser,
    PathName(username): PathName,
) -> Result<Json<UserResponse>> {
    let user = caller
        .user()
        .find_visible_by_username(&rollcall.db, &username)
        .await?;
    Ok(Json(user.into()))
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("/v1/api/users")
        .add(
            "/",
            get(show_current)
                .patch(update_current)
                .delete(destroy_current)
                .with_state(ctx.clone()),
        )
        .add("/admin-only", get(admin_only).with_state(ctx.clone()))
        .add(
            "/by-username/{username}",
            get(show_by_username).with_state(ctx.clone()),
        )
        .add("/{id}", get(show).with_state(ctx.clone()))
}

//! `/v1/api/admin/invitations` and `/auth/invitation`: accounts whose password their owner chooses.

use axum::{Json, http::StatusCode};
use loco_rs::{controller::Routes, prelude::post};

use super::{
    context::SharedContext,
    extractors::{AdminUser, PathId, Rollcall, ValidJson},
    middlewares::rate_limit::RateLimit,
};
use crate::{
    models::{
        one_time_tokens,
        users::{self, invitation::InviteParams, verification::NewPasswordParams},
    },
    views::{problem::Result, users::RegisteredUser},
};

/// Invite somebody
///
/// Makes an account without a password, with any role, and sends the link by which one is chosen.
#[utoipa::path(
    post, path = "/v1/api/admin/invitations", tag = "admin", security(("oauth2" = [])),
    request_body = InviteParams,
    responses(
        (status = 201, description = "The new account; the invitation is on its way", body = RegisteredUser),
        (status = 403, description = "The caller is no administrator: `forbidden`"),
        (status = 409, description = "A living account has this username, email or phone number: `already_taken`"),
    )
)]
pub async fn create(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    ValidJson(params): ValidJson<InviteParams>,
) -> Result<(StatusCode, Json<RegisteredUser>)> {
    let user = users::Model::invite(rollcall.means_of(&caller), params).await?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

/// Invite somebody again
///
/// Sends the link of an account that has no password yet once more; the one before is void.
#[utoipa::path(
    post, path = "/v1/api/admin/invitations/{id}", tag = "admin", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "The user's id")),
    responses(
        (status = 204, description = "The invitation is on its way"),
        (status = 403, description = "The caller is no administrator: `forbidden`"),
        (status = 404, description = "No account under this id waits for a password: `not_found`"),
    )
)]
pub async fn create_again(
    rollcall: Rollcall,
    AdminUser(caller): AdminUser,
    PathId(id): PathId,
) -> Result<StatusCode> {
    users::Model::invite_again(rollcall.means_of(&caller), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Accept an invitation
///
/// Chooses the password of the account, with the token of the mail.
#[utoipa::path(
    post, path = "/auth/invitation/accept", tag = "mail",
    request_body = NewPasswordParams,
    responses((status = 204, description = "The account has its password"))
)]
pub async fn accept(
    rollcall: Rollcall,
    ValidJson(params): ValidJson<NewPasswordParams>,
) -> Result<StatusCode> {
    let kind = one_time_tokens::Kind::Invitation;
    users::Model::reset_password(rollcall.means(), kind, params).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .add(
            "/v1/api/admin/invitations",
            post(create).with_state(ctx.clone()),
        )
        .add(
            "/v1/api/admin/invitations/{id}",
            post(create_again).with_state(ctx.clone()),
        )
        .add(
            "/auth/invitation/accept",
            post(accept)
                .layer(RateLimit::of(ctx))
                .with_state(ctx.clone()),
        )
}

//! `/auth`: registration and tokens.

use axum::{Json, http::StatusCode};
use loco_rs::{controller::Routes, prelude::post};

use super::extractors::{MaybeUser, Rollcall, ValidForm, ValidJson};
use crate::{
    models::users::{
        self,
        authentication::TokenParams,
        registration::{RegisterParams, Registrar},
    },
    views::{auth::TokenResponse, problem::Result, users::RegisteredUser},
};

/// Register a user
///
/// Create a new account. Where administrators can't register (production), only an administrator, by
/// its access token, may give the role `admin`.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth",
    request_body = RegisterParams,
    responses(
        (status = 201, description = "The new account", body = RegisteredUser),
        (status = 403, description = "A role that the caller may not give: `role_not_allowed`"),
        (status = 409, description = "A living account has this username, email or phone number: `already_taken`"),
    )
)]
pub async fn register(
    rollcall: Rollcall,
    MaybeUser(caller): MaybeUser,
    ValidJson(params): ValidJson<RegisterParams>,
) -> Result<(StatusCode, Json<RegisteredUser>)> {
    let registrar = match &caller {
        Some(user) => Registrar::User(user),
        None => Registrar::Anybody {
            allow_admin: rollcall.settings.registration.allow_admin,
        },
    };
    let now = rollcall.clock.now();
    let user =
        users::Model::register(&rollcall.db, &rollcall.hasher, params, registrar, now).await?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

/// Get a token
///
/// Log in with a username, an email or a phone number, and a password.
#[utoipa::path(
    post, path = "/auth/token", tag = "auth",
    request_body(content(
        (TokenParams = "application/x-www-form-urlencoded"),
        (TokenParams = "application/json"),
    )),
    responses(
        (status = 200, description = "A token for the `Authorization` header", body = TokenResponse),
        (status = 401, description = "An unknown identifier, a wrong password or an account that may not log in: `invalid_credentials`"),
    )
)]
pub async fn token(
    rollcall: Rollcall,
    ValidForm(params): ValidForm<TokenParams>,
) -> Result<Json<TokenResponse>> {
    let user = users::Model::authenticate(&rollcall.db, &rollcall.hasher, &params).await?;
    let access_token = rollcall.tokens.issue(&user, rollcall.clock.now())?;
    Ok(Json(TokenResponse::bearer(
        access_token,
        rollcall.tokens.lifetime(),
    )))
}

pub fn routes() -> Routes {
    Routes::new()
        .prefix("/auth")
        .add("/register", post(register))
        .add("/token", post(token))
}

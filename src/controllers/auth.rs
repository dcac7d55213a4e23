//! `/auth`: registration, tokens, logout.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use loco_rs::{controller::Routes, prelude::post};

use super::{
    context::SharedContext,
    extractors::{
        CurrentUser, DEVICE_COOKIE, From, KnownDevice, MaybeUser, Rollcall, ValidForm, ValidJson,
    },
    middlewares::rate_limit::RateLimit,
};
use crate::{
    models::{
        sessions::{
            grant::{Grant, TokenParams},
            revocation::LOGOUT,
        },
        users::{
            self,
            authentication::Credentials,
            registration::{RegisterParams, Registrar},
        },
    },
    views::{
        auth::TokenResponse,
        problem::{Problem, Result},
        users::RegisteredUser,
    },
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
    From(origin): From,
    ValidJson(params): ValidJson<RegisterParams>,
) -> Result<(StatusCode, Json<RegisteredUser>)> {
    let allow_admin = rollcall.settings.registration.allow_admin;
    let registrar = match &caller {
        Some(caller) => Registrar::User {
            user: caller.user(),
            allow_admin,
        },
        None => Registrar::Anybody { allow_admin },
    };
    let means = rollcall.means_of_any(caller.as_ref());
    let user = users::Model::register(means, params, registrar, origin.address).await?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

/// Get a token
///
/// Log in with a username, an email or a phone number, and a password; or renew with the refresh token
/// of the last answer. A refresh token is used once: the answer has the next one. Using one again
/// after ten seconds ends the session.
#[utoipa::path(
    post, path = "/auth/token", tag = "auth",
    request_body(content(
        (TokenParams = "application/x-www-form-urlencoded"),
        (TokenParams = "application/json"),
    )),
    responses(
        (status = 200, description = "A token for the `Authorization` header, and one to renew it", body = TokenResponse),
        (status = 401, description = "An unknown identifier, a wrong password or an account that may not log in: `invalid_credentials`; \
            a refresh token that is spent or of an ended session: `invalid_refresh_token`"),
    )
)]
pub async fn token(
    rollcall: Rollcall,
    From(mut origin): From,
    KnownDevice(device): KnownDevice,
    ValidForm(params): ValidForm<TokenParams>,
) -> Result<impl IntoResponse> {
    let means = rollcall.means();
    let mut cookie = None;
    let (name, granted) = match params.grant() {
        Grant::RefreshToken(token) => {
            let granted = rollcall.sessions.rotate(means, token).await;
            ("refresh_token", granted.map_err(Problem::from))
        }
        Grant::Password { username, password } => {
            let device = device.as_deref();
            let known = device.and_then(|cookie| rollcall.throttles.devices.recognise(cookie));
            origin.known_to = known.map(|device| device.user_id);
            let shown = Credentials {
                identifier: username,
                password,
                device,
                origin: &origin,
            };
            let granted = async {
                let user = users::Model::authenticate(means, &shown).await?;
                cookie = device_cookie(&rollcall, &user, device);
                let sessions = &rollcall.sessions;
                Ok(sessions.open(means, user, "password", &origin).await?)
            };
            ("password", granted.await)
        }
    };
    let granted = counted(&rollcall, name, granted)?;
    Ok((
        AppendHeaders(cookie.map(|cookie| (header::SET_COOKIE, cookie))),
        Json(TokenResponse::new(&rollcall.sessions, granted, means.now)?),
    ))
}

/// How a login by this grant ended.
pub fn counted<T>(rollcall: &Rollcall, grant: &'static str, ended: Result<T>) -> Result<T> {
    let outcome = ended.as_ref().map_or_else(Problem::code, |_| "success");
    rollcall.metrics.login(grant, outcome);
    ended
}

/// A cookie for a device that has none of this user's yet. `Secure` where the service is public.
fn device_cookie(
    rollcall: &Rollcall,
    user: &users::Model,
    device: Option<&str>,
) -> Option<HeaderValue> {
    let devices = &rollcall.throttles.devices;
    let known = device.and_then(|cookie| devices.recognise(cookie));
    if known.is_some_and(|device| device.user_id == user.id) {
        return None;
    }
    let secure = if rollcall.settings.is_public {
        "; Secure"
    } else {
        ""
    };
    let value = devices.issue(user.id);
    let cookie = format!(
        "{DEVICE_COOKIE}={value}; Path=/auth/token; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}"
    );
    HeaderValue::from_str(&cookie).ok()
}

/// Log out
///
/// End the session of this token: the very next request with it is refused, here and on every node.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth", security(("oauth2" = [])),
    responses((status = 204, description = "The session has ended"))
)]
pub async fn logout(rollcall: Rollcall, caller: CurrentUser) -> Result<StatusCode> {
    let means = rollcall.means_of(&caller);
    let sessions = &rollcall.sessions;
    sessions.revoke(means, caller.session(), LOGOUT).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Log out everywhere
///
/// End all sessions of this user, this one too.
#[utoipa::path(
    post, path = "/auth/logout-all", tag = "auth", security(("oauth2" = [])),
    responses((status = 204, description = "All sessions have ended"))
)]
pub async fn logout_all(rollcall: Rollcall, caller: CurrentUser) -> Result<StatusCode> {
    let means = rollcall.means_of(&caller);
    let (sessions, user_id) = (&rollcall.sessions, caller.user().id);
    sessions.revoke_all(means, user_id, "logout_all").await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("/auth")
        .add("/register", post(register).with_state(ctx.clone()))
        .add("/token", post(token).with_state(ctx.clone()))
        .add("/logout", post(logout).with_state(ctx.clone()))
        .add("/logout-all", post(logout_all).with_state(ctx.clone()))
        .layer(RateLimit::of(ctx))
}

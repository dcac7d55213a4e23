//! `/auth/magic-link`: logging in by a mail.

use axum::{Json, http::StatusCode};
use loco_rs::{controller::Routes, prelude::post};

use super::{
    auth::counted,
    context::SharedContext,
    extractors::{From, Rollcall, ValidJson},
    middlewares::rate_limit::RateLimit,
};
use crate::{
    models::{
        outbox_mails::Kind,
        users::{
            self,
            verification::{MailParams, OneTimeTokenParams},
        },
    },
    views::{
        auth::{MAIL_SENT, MailSent, TokenResponse},
        problem::{Problem, Result},
    },
};

/// Ask for a magic link
///
/// Sends a link that logs in, if an account has this address. The answer is the same in any case.
#[utoipa::path(
    post, path = "/auth/magic-link", tag = "mail",
    request_body = MailParams,
    responses((status = 202, description = "If there is such an account, a mail is on its way", body = MailSent))
)]
pub async fn request(
    rollcall: Rollcall,
    From(origin): From,
    ValidJson(params): ValidJson<MailParams>,
) -> Result<(StatusCode, Json<MailSent>)> {
    let email = params.email.unwrap_or_default();
    let (means, client) = (rollcall.means(), origin.address);
    users::Model::request_mail(means, Kind::MagicLink, &email, client).await?;
    Ok((StatusCode::ACCEPTED, Json(MAIL_SENT)))
}

/// Log in by a magic link
///
/// Opens a session with the token of the mail, once.
#[utoipa::path(
    post, path = "/auth/magic-link/session", tag = "mail",
    request_body = OneTimeTokenParams,
    responses((status = 200, description = "As of the token endpoint", body = TokenResponse))
)]
pub async fn log_in(
    rollcall: Rollcall,
    From(origin): From,
    ValidJson(params): ValidJson<OneTimeTokenParams>,
) -> Result<Json<TokenResponse>> {
    let means = rollcall.means();
    let granted = users::Model::log_in_by_link(means, &params, &origin).await;
    let granted = counted(&rollcall, "magic_link", granted.map_err(Problem::from))?;
    let body = TokenResponse::new(&rollcall.sessions, granted, means.now)?;
    Ok(Json(body))
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("/auth/magic-link")
        .add("/", post(request).with_state(ctx.clone()))
        .add("/session", post(log_in).with_state(ctx.clone()))
        .layer(RateLimit::of(ctx))
}

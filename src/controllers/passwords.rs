//! `/auth/password`: for somebody who has forgotten it.

use axum::{Json, http::StatusCode};
use loco_rs::{controller::Routes, prelude::post};

use super::{
    context::SharedContext,
    extractors::{From, Rollcall, ValidJson},
    middlewares::rate_limit::RateLimit,
};
use crate::{
    models::{
        one_time_tokens,
        outbox_mails::Kind,
        users::{
            self,
            verification::{MailParams, NewPasswordParams},
        },
    },
    views::{
        auth::{MAIL_SENT, MailSent},
        problem::Result,
    },
};

/// Ask for a new password
///
/// Sends a link by which one is chosen, if an account has this address. The answer is the same in any
/// case.
#[utoipa::path(
    post, path = "/auth/password/forgot", tag = "mail",
    request_body = MailParams,
    responses((status = 202, description = "If there is such an account, a mail is on its way", body = MailSent))
)]
pub async fn forgot(
    rollcall: Rollcall,
    From(origin): From,
    ValidJson(params): ValidJson<MailParams>,
) -> Result<(StatusCode, Json<MailSent>)> {
    let email = params.email.unwrap_or_default();
    let (means, client) = (rollcall.means(), origin.address);
    users::Model::request_mail(means, Kind::ResetPassword, &email, client).await?;
    Ok((StatusCode::ACCEPTED, Json(MAIL_SENT)))
}

/// Choose a new password
///
/// With the token of the mail. All sessions of the account end.
#[utoipa::path(
    post, path = "/auth/password/reset", tag = "mail",
    request_body = NewPasswordParams,
    responses((status = 204, description = "The account has the new password"))
)]
pub async fn reset(
    rollcall: Rollcall,
    ValidJson(params): ValidJson<NewPasswordParams>,
) -> Result<StatusCode> {
    let kind = one_time_tokens::Kind::ResetPassword;
    users::Model::reset_password(rollcall.means(), kind, params).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("/auth/password")
        .add("/forgot", post(forgot).with_state(ctx.clone()))
        .add("/reset", post(reset).with_state(ctx.clone()))
        .layer(RateLimit::of(ctx))
}

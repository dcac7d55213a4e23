//! `/auth/verify-email` and `/auth/change-email`: whose mailbox an address is.

use axum::{Json, http::StatusCode};
use loco_rs::{controller::Routes, prelude::post};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{
    context::SharedContext,
    extractors::{From, MaybeUnconfirmed, Rollcall, ValidJson},
    middlewares::rate_limit::RateLimit,
};
use crate::{
    models::{
        outbox_mails::Kind,
        params::{Fault, Params, not_null},
        users::{
            self, identifiers,
            verification::{OneTimeTokenParams, VerifyEmailParams},
        },
    },
    views::{
        auth::{MAIL_SENT, MailSent},
        problem::{Problem, Result},
    },
};

/// Whose address is to be confirmed.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerificationParams {
    /// Not needed with an access token: then it is the caller's.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "identifiers::email"))]
    #[schema(nullable = false, value_type = String, format = Email, example = "testuser@example.com")]
    pub email: Option<String>,
}

impl Params for VerificationParams {}

/// Ask for a confirmation mail
///
/// Sends the link once more, if an account has this address and it is not confirmed. The answer is the
/// same in any case. Also with the token of an account that may do nothing else yet.
#[utoipa::path(
    post, path = "/auth/verify-email/request", tag = "mail",
    request_body = VerificationParams,
    responses((status = 202, description = "If there is such an account, a mail is on its way", body = MailSent))
)]
pub async fn request(
    rollcall: Rollcall,
    MaybeUnconfirmed(caller): MaybeUnconfirmed,
    From(origin): From,
    ValidJson(params): ValidJson<VerificationParams>,
) -> Result<(StatusCode, Json<MailSent>)> {
    let own = caller.map(|caller| caller.user().email.clone());
    let email = params.email.or(own).ok_or_else(|| {
        let fault = Fault::new("email", "required", "This field is required.");
        Problem::invalid(vec![fault])
    })?;
    let (means, client) = (rollcall.means(), origin.address);
    users::Model::request_mail(means, Kind::VerifyEmail, &email, client).await?;
    Ok((StatusCode::ACCEPTED, Json(MAIL_SENT)))
}

/// Confirm an email address
///
/// With the token of the mail. Where confirmation is required, send the password or an access token of
/// the account with it, to show that it is you who registered; a password that is not the account's
/// becomes its new one, and without either the old one is void.
#[utoipa::path(
    post, path = "/auth/verify-email", tag = "mail",
    request_body = VerifyEmailParams,
    responses((status = 204, description = "The address is confirmed"))
)]
pub async fn verify(
    rollcall: Rollcall,
    MaybeUnconfirmed(caller): MaybeUnconfirmed,
    ValidJson(params): ValidJson<VerifyEmailParams>,
) -> Result<StatusCode> {
    let means = rollcall.means_of_any(caller.as_ref());
    let caller = caller.as_ref().map(|caller| caller.user().id);
    users::Model::verify_email(means, params, caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Confirm a new email address
///
/// With the token of the mail that a change of the address sent to the new one. All sessions end but
/// the one that asked for the change.
#[utoipa::path(
    post, path = "/auth/change-email", tag = "mail",
    request_body = OneTimeTokenParams,
    responses(
        (status = 204, description = "The account has the new address"),
        (status = 409, description = "Somebody else has this address by now: `already_taken`"),
    )
)]
pub async fn change(
    rollcall: Rollcall,
    ValidJson(params): ValidJson<OneTimeTokenParams>,
) -> Result<StatusCode> {
    users::Model::change_email(rollcall.means(), &params).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("/auth")
        .add(
            "/verify-email/request",
            post(request).with_state(ctx.clone()),
        )
        .add("/verify-email", post(verify).with_state(ctx.clone()))
        .add("/change-email", post(change).with_state(ctx.clone()))
        .layer(RateLimit::of(ctx))
}

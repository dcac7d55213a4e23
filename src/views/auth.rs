use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::models::{
    Result,
    sessions::{Granted, Sessions},
};

/// The answer of the token endpoint (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenResponse {
    /// A JWT for the `Authorization: Bearer` header.
    pub access_token: String,
    #[schema(example = "bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub expires_in: i64,
    /// Renews the session, once; the answer to that has the next one.
    #[schema(example = "rcr_AaIGKLt2dSq6iSfv4rChFv…")]
    pub refresh_token: String,
}

impl TokenResponse {
    pub fn new(sessions: &Sessions, granted: Granted, now: DateTime<Utc>) -> Result<Self> {
        let tokens = &sessions.access_tokens;
        Ok(Self {
            access_token: tokens.issue(&granted.session, &granted.user, now)?,
            token_type: "bearer",
            expires_in: tokens.lifetime(),
            refresh_token: granted.refresh_token.reveal(),
        })
    }
}

/// The answer to whoever asks for a mail, whether there is somebody to send it to or not.
#[derive(Serialize, ToSchema)]
pub struct MailSent {
    #[schema(example = "If an account has this address, a mail is on its way.")]
    pub message: &'static str,
}

pub const MAIL_SENT: MailSent = MailSent {
    message: "If an account has this address, a mail is on its way.",
};

//! Access tokens: JWTs signed with `auth.jwt` as the framework signs its own (HS512, `pid`, `exp` and
//! more), with the checks that its `auth::JWT` leaves out. RFC 8725 is the source of the rules.
//!
//! `auth::JWT` itself can't be the check: it refuses every token that has an audience, decodes the
//! secret and derives the key at every request, and logs each refusal as an error. Here the keys are
//! made once.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Model;
use crate::{
    models::{
        Error, Result,
        users::{self, Role},
    },
    settings::Token as Settings,
};

const ALGORITHM: Algorithm = Algorithm::HS512;

/// Two nodes' clocks may differ by so much.
const CLOCK_SKEW_SECONDS: i64 = 5;

/// What a token says. Nothing personal, and no more than a hint: what counts is in the database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The framework's name for the subject.
    pub pid: Uuid,
    /// The user's id.
    pub sub: Uuid,
    /// The session's id.
    pub sid: Uuid,
    /// The role when the token was issued: a hint for clients.
    pub role: Role,
    pub iss: String,
    pub aud: String,
    pub iat: i64,
    pub exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    pub jti: Uuid,
}

#[derive(Clone)]
pub struct AccessTokens(Arc<Inner>);

struct Inner {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    /// How our own tokens begin.
    header: String,
    issuer: String,
    audience: String,
    lifetime: i64,
}

impl AccessTokens {
    /// `lifetime` in seconds.
    pub fn new(secret: &[u8], lifetime: u64, settings: &Settings) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Compared in `verify` with the time that is handed in.
        validation.validate_exp = false;
        let header = serde_json::to_vec(&Header::new(ALGORITHM)).unwrap_or_default();
        Self(Arc::new(Inner {
            header: BASE64.encode(header),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            lifetime: i64::try_from(lifetime).unwrap_or(i64::MAX),
        }))
    }

    /// In seconds.
    pub fn lifetime(&self) -> i64 {
        self.0.lifetime
    }

    pub fn issue(
        &self,
        session: &Model,
        user: &users::Model,
        now: DateTime<Utc>,
    ) -> Result<String> {
        let iat = now.timestamp();
        let claims = Claims {
            pid: user.id,
            sub: user.id,
            sid: session.id,
            role: user.role,
            iss: self.0.issuer.clone(),
            aud: self.0.audience.clone(),
            iat,
            exp: iat + self.0.lifetime,
            nbf: None,
            jti: crate::models::new_id(now),
        };
        jsonwebtoken::encode(&Header::new(ALGORITHM), &claims, &self.0.encoding)
            .map_err(|err| Error::Internal(err.to_string()))
    }

    /// The claims of a token that is ours and valid now; `None` for any other.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let (header, _) = token.split_once('.')?;
        if header != self.0.header && asks_for_more(header) {
            return None;
        }
        let claims: Claims = jsonwebtoken::decode(token, &self.0.decoding, &self.0.validation)
            .ok()?
            .claims;
        let now = now.timestamp();
        let soon = now + CLOCK_SKEW_SECONDS;
        let valid = claims.pid == claims.sub
            && claims.exp > now
            && claims.exp <= soon.saturating_add(self.0.lifetime)
            && claims.iat <= soon
            && claims.nbf.is_none_or(|nbf| nbf <= soon);
        valid.then_some(claims)
    }
}

/// Does a header name extensions that must be understood (RFC 7515, section 4.1.11)? None is, here; and the
/// library does not look.
fn asks_for_more(header: &str) -> bool {
    let header = BASE64.decode(header).ok();
    let header = header.and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    header.is_none_or(|header| header.get("crit").is_some())
}

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::models::{
    sessions::{Model, access_token::Claims},
    users::{self, Role},
};

/// What a token is worth at this moment (RFC 7662, section 2.2). Of a dead one, `active: false` and
/// nothing else.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Introspection {
    pub active: bool,
    #[serde(flatten)]
    pub token: Option<LiveToken>,
}

/// A live token.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveToken {
    /// `Bearer` for an access token, `refresh_token` for the other kind.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    pub sub: Uuid,
    #[schema(example = "testuser")]
    pub username: String,
    /// At this moment, whatever the token says.
    pub role: Role,
    pub sid: Uuid,
    pub exp: i64,
    pub iat: i64,
    #[serde(flatten)]
    pub access: Option<AccessClaims>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AccessClaims {
    pub iss: String,
    pub aud: String,
    pub jti: Uuid,
}

impl Introspection {
    pub fn access(session: &Model, user: &users::Model, claims: Claims) -> Self {
        let (exp, iat) = (claims.exp, claims.iat);
        let access = AccessClaims {
            iss: claims.iss,
            aud: claims.aud,
            jti: claims.jti,
        };
        Self::live("Bearer", session, user, (exp, iat), Some(access))
    }

    pub fn refresh(session: &Model, user: &users::Model) -> Self {
        let exp = session.idle_expires_at.min(session.expires_at).timestamp();
        let iat = session.rotated_at.unwrap_or(session.created_at).timestamp();
        Self::live("refresh_token", session, user, (exp, iat), None)
    }

    fn live(
        token_type: &'static str,
        session: &Model,
        user: &users::Model,
        (exp, iat): (i64, i64),
        access: Option<AccessClaims>,
    ) -> Self {
        let token = LiveToken {
            token_type,
            sub: user.id,
            username: user.username.clone(),
            role: user.role,
            sid: session.id,
            exp,
            iat,
            access,
        };
        Self {
            active: true,
            token: Some(token),
        }
    }
}

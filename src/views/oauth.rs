use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::models::{
    sessions::{Model, access_token::Claims},
    users::{self, Role},
};

/// What a token is worth at this moment (RFC 7662, section 2.2). Of a dead one, `active: false` and
/// nothing else.
// Flat: of a flattened part the document can't say that it may be missing.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Introspection {
    pub active: bool,
    /// `Bearer` for an access token, `refresh_token` for the other kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String, example = "Bearer")]
    pub token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Uuid)]
    pub sub: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String, example = "testuser")]
    pub username: Option<String>,
    /// At this moment, whatever the token says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Role)]
    pub role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Uuid)]
    pub sid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = i64)]
    pub exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = i64)]
    pub iat: Option<i64>,
    /// This and what follows: of an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Uuid)]
    pub jti: Option<Uuid>,
}

impl Introspection {
    pub fn access(session: &Model, user: &users::Model, claims: Claims) -> Self {
        Self {
            iss: Some(claims.iss),
            aud: Some(claims.aud),
            jti: Some(claims.jti),
            ..Self::live("Bearer", session, user, claims.exp, claims.iat)
        }
    }

    pub fn refresh(session: &Model, user: &users::Model) -> Self {
        let exp = session.idle_expires_at.min(session.expires_at).timestamp();
        let iat = session.rotated_at.unwrap_or(session.created_at).timestamp();
        Self::live("refresh_token", session, user, exp, iat)
    }

    fn live(
        token_type: &'static str,
        session: &Model,
        user: &users::Model,
        exp: i64,
        iat: i64,
    ) -> Self {
        Self {
            active: true,
            token_type: Some(token_type),
            sub: Some(user.id),
            username: Some(user.username.clone()),
            role: Some(user.role),
            sid: Some(session.id),
            exp: Some(exp),
            iat: Some(iat),
            ..Self::default()
        }
    }
}

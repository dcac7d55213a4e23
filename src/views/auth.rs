use serde::Serialize;
use utoipa::ToSchema;

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
    pub fn bearer(access_token: String, expires_in: i64, refresh_token: String) -> Self {
        Self {
            access_token,
            token_type: "bearer",
            expires_in,
            refresh_token,
        }
    }
}

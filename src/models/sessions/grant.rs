//! What the token endpoint is asked for.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::{
    models::{
        Result,
        params::{Fault, Params, not_null, refuse},
    },
    settings::Settings,
};

/// The OAuth 2.0 password grant (RFC 6749, section 4.3.2) and renewal (section 6), as FastAPI's and
/// Swagger UI's clients send them: a form, or the same as JSON.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenParams {
    /// `password`, also when left out, or `refresh_token`.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "supported"))]
    #[schema(nullable = false, value_type = String, pattern = "^(password|refresh_token)$", example = "password")]
    pub grant_type: Option<String>,
    /// For `password`: the username, the email or the phone number.
    #[serde(default)]
    #[schema(example = "testuser")]
    pub username: Option<String>,
    /// For `password`.
    #[serde(default)]
    #[schema(format = Password, example = "securepassword")]
    pub password: Option<String>,
    /// For `refresh_token`: the one that the last answer gave.
    #[serde(default)]
    #[schema(format = Password)]
    pub refresh_token: Option<String>,
    /// Accepted and not used.
    #[serde(default)]
    pub scope: Option<String>,
    /// Accepted and not used.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Accepted and not used.
    #[serde(default)]
    pub client_secret: Option<String>,
}

/// The two grants, with what each needs.
pub enum Grant<'a> {
    Password {
        username: &'a str,
        password: &'a str,
    },
    RefreshToken(&'a str),
}

impl TokenParams {
    pub fn grant(&self) -> Grant<'_> {
        match self.grant_type.as_deref() {
            Some("refresh_token") => {
                Grant::RefreshToken(self.refresh_token.as_deref().unwrap_or_default())
            }
            _ => Grant::Password {
                username: self.username.as_deref().unwrap_or_default(),
                password: self.password.as_deref().unwrap_or_default(),
            },
        }
    }
}

impl Params for TokenParams {
    fn check(&self, _: &Settings) -> Vec<Fault> {
        let needed = match self.grant() {
            Grant::Password { .. } => {
                vec![("username", &self.username), ("password", &self.password)]
            }
            Grant::RefreshToken(_) => vec![("refresh_token", &self.refresh_token)],
        };
        let missing = needed.into_iter().filter(|(_, value)| value.is_none());
        missing
            .map(|(field, _)| Fault::new(field, "required", "This field is required."))
            .collect()
    }
}

fn supported(grant_type: &str) -> Result<(), validator::ValidationError> {
    if ["password", "refresh_token"].contains(&grant_type) {
        return Ok(());
    }
    refuse(
        "unsupported_grant_type",
        "The grant types here are: password, refresh_token.",
    )
}

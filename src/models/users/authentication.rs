//! Who somebody is: by password, or by the id in a token.

use sea_orm::ConnectionTrait;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{Model, password::Hasher};
use crate::models::{
    Error, Result,
    params::{Params, not_null, refuse},
};

/// The OAuth 2.0 password grant (RFC 6749, section 4.3.2), as FastAPI's and Swagger UI's clients send
/// it: a form, or the same as JSON.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenParams {
    /// `password`, also when left out.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "supported"))]
    #[schema(nullable = false, value_type = String, example = "password")]
    pub grant_type: Option<String>,
    /// The username, the email or the phone number.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."))]
    #[schema(required = true, nullable = false, value_type = String, example = "testuser")]
    pub username: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."))]
    #[schema(required = true, nullable = false, value_type = String, format = Password, example = "securepassword")]
    pub password: Option<String>,
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

impl Params for TokenParams {}

fn supported(grant_type: &str) -> Result<(), validator::ValidationError> {
    if grant_type == "password" {
        return Ok(());
    }
    refuse(
        "unsupported_grant_type",
        "The grant types here are: password.",
    )
}

impl Model {
    /// The account whose identifier and password these are.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] for an unknown identifier, a wrong password and an account that
    /// may not log in, after the same work.
    pub async fn authenticate(
        db: &impl ConnectionTrait,
        hasher: &Hasher,
        params: &TokenParams,
    ) -> Result<Self> {
        let identifier = params.username.as_deref().unwrap_or_default();
        let password = params.password.as_deref().unwrap_or_default();
        let user = match Self::find_by_identifier(db, identifier).await {
            Ok(user) => Some(user).filter(Self::is_usable),
            Err(Error::NotFound) => None,
            Err(err) => return Err(err),
        };
        let hash = user.as_ref().map(|user| user.hashed_password.as_str());
        let matches = hasher.verify(password, hash).await?;
        user.filter(|_| matches).ok_or(Error::InvalidCredentials)
    }
}

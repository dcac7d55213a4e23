//! What a user may change about itself.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, IntoActiveModel};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::{
    Model, identifiers,
    password::{self, Hasher},
};
use crate::{
    models::{
        Error, Result,
        params::{Fault, Params, not_null, nullable, refuse},
    },
    settings::Settings,
};

/// Fields that are left out stay as they are.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "UsersUpdate")]
pub struct UpdateParams {
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "identifiers::username"))]
    #[schema(nullable = false, value_type = String, max_length = 64, example = "testuser")]
    pub username: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "identifiers::email"))]
    #[schema(nullable = false, value_type = String, format = Email, example = "testuser@example.com")]
    pub email: Option<String>,
    /// `null` clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "identifiers::name"))]
    #[schema(value_type = Option<String>, max_length = 150, example = "Updated")]
    pub first_name: Option<Option<String>>,
    /// `null` clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "identifiers::name"))]
    #[schema(value_type = Option<String>, max_length = 150)]
    pub last_name: Option<Option<String>>,
    /// `null` clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "identifiers::phone_number"))]
    #[schema(value_type = Option<String>, pattern = r"^\+[0-9]{2,15}$", example = "+1234567890")]
    pub phone_number: Option<Option<String>>,
    /// The new password.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = String, format = Password, max_length = 256, example = "newsecurepassword")]
    pub password: Option<String>,
    /// Needed to change the password when the login was too long ago.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = String, format = Password)]
    pub current_password: Option<String>,
    // Known, so that the refusal can say more than "unknown field".
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "read_only"))]
    #[schema(ignore)]
    role: Option<Value>,
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "read_only"))]
    #[schema(ignore)]
    is_active: Option<Value>,
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "read_only"))]
    #[schema(ignore)]
    id: Option<Value>,
}

impl Params for UpdateParams {
    fn check(&self, settings: &Settings) -> Vec<Fault> {
        let password = self.password.as_deref();
        password
            .and_then(|p| password::fault(p, &settings.password))
            .into_iter()
            .collect()
    }
}

fn read_only(_: &Value) -> Result<(), ValidationError> {
    refuse(
        "read_only",
        "This field can't be changed here; only an administrator may change it.",
    )
}

/// When the caller last showed its password, and for how long that counts.
#[derive(Clone, Copy, Debug)]
pub struct Authentication {
    pub at: DateTime<Utc>,
    pub counts_for: chrono::Duration,
}

impl Model {
    /// Change what the parameters name. `updated_at` moves only when something really changes.
    ///
    /// # Errors
    /// [`Error::ReauthenticationRequired`] for a new password after a login that is too old, without
    /// the current one; [`Error::Taken`]; [`Error::NotFound`] when the account is deleted meanwhile.
    pub async fn update_profile(
        self,
        db: &impl ConnectionTrait,
        hasher: &Hasher,
        params: UpdateParams,
        authentication: Authentication,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let hashed_password = match &params.password {
            Some(password) => {
                self.reauthenticate(
                    hasher,
                    params.current_password.as_deref(),
                    authentication,
                    now,
                )
                .await?;
                Some(hasher.hash(password).await?)
            }
            None => None,
        };
        let mut user = self.into_active_model();
        if let Some(username) = params.username {
            user.username_canonical
                .set_if_not_equals(identifiers::canonical(&username));
            user.username.set_if_not_equals(username);
        }
        if let Some(email) = params.email {
            user.email_canonical
                .set_if_not_equals(identifiers::canonical(&email));
            user.email.set_if_not_equals(email);
        }
        if let Some(first_name) = params.first_name {
            user.first_name.set_if_not_equals(first_name);
        }
        if let Some(last_name) = params.last_name {
            user.last_name.set_if_not_equals(last_name);
        }
        if let Some(phone_number) = params.phone_number {
            user.phone_number.set_if_not_equals(phone_number);
        }
        if let Some(hashed_password) = hashed_password {
            user.hashed_password.set_if_not_equals(hashed_password);
        }
        user.save_if_changed(db, now).await
    }

    /// Has the password been shown recently, or is it shown now? (OWASP ASVS 5.0, V7.5.1)
    async fn reauthenticate(
        &self,
        hasher: &Hasher,
        current_password: Option<&str>,
        authentication: Authentication,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let shown_now = match current_password {
            Some(password) => hasher.verify(password, Some(&self.hashed_password)).await?,
            None => now < authentication.at + authentication.counts_for,
        };
        if shown_now {
            Ok(())
        } else {
            Err(Error::ReauthenticationRequired)
        }
    }
}

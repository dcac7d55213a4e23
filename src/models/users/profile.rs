//! What a user may change about itself.

use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, IntoActiveModel};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::{Model, identifiers, password::Hasher, policy};
use crate::{
    models::{
        Error, Result,
        params::{Fault, Params, not_null, nullable, refuse},
        sessions::{
            authentications::Authentications,
            revocation::{is_open, revoke_all},
        },
        transaction,
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
        let (first, last) = (self.first_name.as_ref(), self.last_name.as_ref());
        let about = [
            self.username.as_deref(),
            self.email.as_deref(),
            first.and_then(Option::as_deref),
            last.and_then(Option::as_deref),
        ];
        let password = self.password.as_deref();
        let fault = password.and_then(|p| policy::fault(p, &about, &settings.password));
        fault.into_iter().collect()
    }
}

fn read_only(_: &Value) -> Result<(), ValidationError> {
    refuse(
        "read_only",
        "This field can't be changed here; only an administrator may change it.",
    )
}

/// The session in which a change is asked for, and how long its login counts as proof of who asks.
#[derive(Clone, Copy, Debug)]
pub struct Authentication {
    pub session_id: Uuid,
    pub at: DateTime<Utc>,
    pub counts_for: chrono::Duration,
}

impl Model {
    /// Change what the parameters name. `updated_at` moves only when something really changes. A new
    /// password ends all other sessions in the same transaction.
    ///
    /// # Errors
    /// [`Error::ReauthenticationRequired`] for a new password after a login that is too old, without
    /// the current one; [`Error::Taken`]; [`Error::NotFound`] when the account is deleted meanwhile,
    /// [`Error::SessionEnded`] when this session is ended before there is a new password.
    pub async fn update_profile(
        &self,
        db: &DatabaseConnection,
        hasher: &Hasher,
        authentications: &Authentications,
        params: UpdateParams,
        authentication: Authentication,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        // The caller may come from memory, a moment old; what is compared and proved here is not.
        let user = Self::find_by_id(db, self.id).await?;
        if user.is_deleted() {
            return Err(Error::NotFound);
        }
        let hashed_password = match &params.password {
            Some(password) => {
                let about = [&user.username, &user.email].map(|own| Some(own.as_str()));
                if let Some(fault) = policy::fault(password, &about, hasher.policy()) {
                    return Err(Error::Invalid(vec![fault]));
                }
                user.reauthenticate(
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
        let id = user.id;
        let new_password = hashed_password.is_some();
        let mut user = user.into_active_model();
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
        let _changing = authentications.changing(id);
        let txn = transaction::begin(db).await?;
        let user = user.save_if_changed(&txn, now).await?;
        if new_password {
            // Hashing takes its time; meanwhile the owner may have ended a thief's session.
            if !is_open(&txn, authentication.session_id).await? {
                return Err(Error::SessionEnded);
            }
            revoke_all(
                &txn,
                id,
                Some(authentication.session_id),
                "password_changed",
                now,
            )
            .await?;
        }
        txn.commit().await?;
        Ok(user)
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

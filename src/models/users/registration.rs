//! A new account.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseConnection};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{ActiveModel, Model, Role, identifiers, password::Hasher, policy};
use crate::{
    models::{
        Error, Result, new_id,
        params::{Fault, Params, not_null},
        timestamps::stamp,
        transaction,
    },
    settings::Settings,
};

#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "UsersCreate")]
pub struct RegisterParams {
    /// Letters, digits, `.`, `_` and `-`; unique whatever its case.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(
        required(message = "This field is required."),
        custom(function = "identifiers::username")
    )]
    #[schema(required = true, nullable = false, value_type = String, max_length = 64, example = "testuser")]
    pub username: Option<String>,
    /// Unique whatever its case; ASCII, at most 254 bytes.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(
        required(message = "This field is required."),
        custom(function = "identifiers::email")
    )]
    #[schema(required = true, nullable = false, value_type = String, format = Email, example = "testuser@example.com")]
    pub email: Option<String>,
    #[validate(custom(function = "identifiers::name"))]
    #[schema(max_length = 150, example = "Test")]
    pub first_name: Option<String>,
    #[validate(custom(function = "identifiers::name"))]
    #[schema(max_length = 150, example = "User")]
    pub last_name: Option<String>,
    /// E.164: `+` and 2 to 15 digits; unique.
    #[validate(custom(function = "identifiers::phone_number"))]
    #[schema(pattern = r"^\+[0-9]{2,15}$", example = "+1234567890")]
    pub phone_number: Option<String>,
    /// `user` when left out. Who may give `admin` depends on the environment.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Role)]
    pub role: Option<Role>,
    /// `true` when left out. An inactive account can't log in.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = bool, example = true)]
    pub is_active: Option<bool>,
    /// Up to 256 characters; the shortest allowed depends on the environment.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."))]
    #[schema(required = true, nullable = false, value_type = String, format = Password, max_length = 256, example = "securepassword")]
    pub password: Option<String>,
}

impl Params for RegisterParams {
    fn check(&self, settings: &Settings) -> Vec<Fault> {
        let about = [
            &self.username,
            &self.email,
            &self.first_name,
            &self.last_name,
        ];
        let about = about.map(Option::as_deref);
        let password = self.password.as_deref();
        let fault = password.and_then(|p| policy::fault(p, &about, &settings.password));
        fault.into_iter().collect()
    }
}

/// On whose word an account is made.
#[derive(Clone, Copy)]
pub enum Registrar<'a> {
    /// Anybody on the network; may they register administrators here?
    Anybody { allow_admin: bool },
    /// Somebody who is logged in: may do what anybody may, and more as an administrator.
    User { user: &'a Model, allow_admin: bool },
    /// Somebody with a shell on the machine.
    Operator,
}

impl Registrar<'_> {
    fn may_give(self, role: Role) -> bool {
        match self {
            _ if role == Role::User => true,
            Self::Anybody { allow_admin } => allow_admin,
            Self::User { user, allow_admin } => allow_admin || user.role == Role::Admin,
            Self::Operator => true,
        }
    }
}

impl Model {
    /// Make an account. No database connection is held while its password is hashed.
    ///
    /// # Errors
    /// [`Error::Taken`] names the identifier that a living account has; [`Error::RoleNotAllowed`].
    pub async fn register(
        db: &DatabaseConnection,
        hasher: &Hasher,
        params: RegisterParams,
        registrar: Registrar<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let role = params.role.unwrap_or(Role::User);
        if !registrar.may_give(role) {
            return Err(Error::RoleNotAllowed {
                role: role.as_str(),
            });
        }
        let username = params.username.unwrap_or_default();
        let email = params.email.unwrap_or_default();
        let hashed_password = hasher.hash(&params.password.unwrap_or_default()).await?;
        let mut user = ActiveModel {
            id: Set(new_id(now)),
            username_canonical: Set(identifiers::canonical(&username)),
            email_canonical: Set(identifiers::canonical(&email)),
            username: Set(username),
            email: Set(email),
            first_name: Set(params.first_name),
            last_name: Set(params.last_name),
            phone_number: Set(params.phone_number),
            role: Set(role),
            is_active: Set(params.is_active.unwrap_or(true)),
            hashed_password: Set(hashed_password),
            updated_at: Set(None),
            deleted_at: Set(None),
            ..Default::default()
        };
        stamp(&mut user, now);
        let txn = transaction::begin(db).await?;
        let user = user.insert(&txn).await;
        let user = user.map_err(|err| identifiers::conflict(&err).unwrap_or_else(|| err.into()))?;
        txn.commit().await?;
        tracing::info!(user.id = %user.id, role = user.role.as_str(), "an account was registered");
        Ok(user)
    }
}

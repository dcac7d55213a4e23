//! A new account.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseTransaction};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{ActiveModel, Model, Role, after_registration::Arrival, identifiers, policy};
use crate::{
    models::{
        Error, Means, Result,
        audit_events::{Action, Event, record},
        new_id,
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
    #[schema(required = true, nullable = false, value_type = String, max_length = 64, pattern = r"^[\p{L}\p{M}\p{N}._-]*\p{L}[\p{L}\p{M}\p{N}._-]*$", example = "testuser")]
    pub username: Option<String>,
    /// Unique whatever its case; ASCII, at most 254 bytes.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(
        required(message = "This field is required."),
        custom(function = "identifiers::email")
    )]
    #[schema(required = true, nullable = false, value_type = String, format = Email, max_length = 254, example = "testuser@example.com")]
    pub email: Option<String>,
    #[validate(custom(function = "identifiers::name"))]
    #[schema(
        max_length = 150,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$",
        example = "Test"
    )]
    pub first_name: Option<String>,
    #[validate(custom(function = "identifiers::name"))]
    #[schema(
        max_length = 150,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$",
        example = "User"
    )]
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
    /// The language of the account's mails, as RFC 5646 has it; the default one when left out.
    #[validate(custom(function = "identifiers::locale"))]
    #[schema(
        max_length = 35,
        pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
        example = "en"
    )]
    pub locale: Option<String>,
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
        policy::faults(self.password.as_deref(), &about, &settings.password)
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
            _ if role.is_for_anybody() => true,
            Self::Anybody { allow_admin } => allow_admin,
            Self::User { user, allow_admin } => allow_admin || user.role.is_admin(),
            Self::Operator => true,
        }
    }
}

/// A row that is about to be.
pub(super) struct NewAccount {
    pub username: String,
    pub email: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone_number: Option<String>,
    pub role: Role,
    pub is_active: bool,
    pub hashed_password: String,
    pub locale: Option<String>,
    pub is_verified: bool,
}

impl NewAccount {
    pub async fn insert(self, txn: &DatabaseTransaction, now: DateTime<Utc>) -> Result<Model> {
        let mut user = ActiveModel {
            id: Set(new_id(now)),
            username_canonical: Set(identifiers::canonical(&self.username)),
            email_canonical: Set(identifiers::canonical(&self.email)),
            username: Set(self.username),
            email: Set(self.email),
            first_name: Set(self.first_name),
            last_name: Set(self.last_name),
            phone_number: Set(self.phone_number),
            role: Set(self.role),
            is_active: Set(self.is_active),
            hashed_password: Set(self.hashed_password),
            email_verified_at: Set(self.is_verified.then_some(now.into())),
            locale: Set(self.locale),
            updated_at: Set(None),
            deleted_at: Set(None),
            ..Default::default()
        };
        user.index_for_search();
        stamp(&mut user, now);
        let user = user.insert(txn).await;
        user.map_err(|err| identifiers::conflict(&err).unwrap_or_else(|| err.into()))
    }
}

impl Model {
    /// Make an account, and send the link that confirms its address; an operator answers for the
    /// address. No database connection is held while its password is hashed. `client` is counted for
    /// the mail: beyond its share the account is made and the mail has to be asked for.
    ///
    /// # Errors
    /// [`Error::Taken`] names the identifier that a living account has; [`Error::RoleNotAllowed`].
    pub async fn register(
        means: Means<'_>,
        params: RegisterParams,
        registrar: Registrar<'_>,
        client: Option<IpAddr>,
    ) -> Result<Self> {
        let Means { outbox, now, .. } = means;
        let role = params.role.unwrap_or(Role::DEFAULT);
        if !registrar.may_give(role) {
            return Err(Error::RoleNotAllowed {
                role: role.as_str(),
            });
        }
        let password = params.password.unwrap_or_default();
        let account = NewAccount {
            username: params.username.unwrap_or_default(),
            email: params.email.unwrap_or_default(),
            first_name: params.first_name,
            last_name: params.last_name,
            phone_number: params.phone_number,
            role,
            is_active: params.is_active.unwrap_or(true),
            hashed_password: means.hasher.hash(&password).await?,
            locale: params.locale,
            is_verified: matches!(registrar, Registrar::Operator),
        };
        let txn = transaction::begin(means.db).await?;
        let user = account.insert(&txn, now).await?;
        let event = Event::of(Action::AccountRegistered, user.id).with("role", role.as_str());
        record(&txn, means, event).await?;
        let mails = user.follow_up(&txn, means, Arrival::Registered { client });
        let mails = mails.await?;
        txn.commit().await?;
        for mail in mails {
            outbox.deliver(mail);
        }
        tracing::info!(user.id = %user.id, role = user.role.as_str(), "an account was registered");
        Ok(user)
    }
}

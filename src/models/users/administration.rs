//! What an administrator changes about somebody else's account.

use sea_orm::IntoActiveModel;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{
    Model, Role, identifiers, password,
    profile::{changed_fields, set},
};
use crate::models::{
    Error, Means, Result,
    audit_events::{Action, Event, record},
    outbox_mails::{Details, Kind},
    params::{Params, not_null, nullable},
    sessions::revocation::revoke_all,
    transaction,
};

/// Fields that are left out stay as they are. No password: see the forced reset.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminUpdateParams {
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "identifiers::username"))]
    #[schema(nullable = false, value_type = String, max_length = 64, pattern = r"^[\p{L}\p{M}\p{N}._-]*\p{L}[\p{L}\p{M}\p{N}._-]*$")]
    pub username: Option<String>,
    /// The address counts as not confirmed, and is sent a link.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "identifiers::email"))]
    #[schema(nullable = false, value_type = String, format = Email, max_length = 254)]
    pub email: Option<String>,
    /// `null` clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "identifiers::name"))]
    #[schema(value_type = Option<String>, max_length = 150, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    pub first_name: Option<Option<String>>,
    /// `null` clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "identifiers::name"))]
    #[schema(value_type = Option<String>, max_length = 150, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    pub last_name: Option<Option<String>>,
    /// `null` clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "identifiers::phone_number"))]
    #[schema(value_type = Option<String>, pattern = r"^\+[0-9]{2,15}$")]
    pub phone_number: Option<Option<String>>,
    /// `null` for the default language.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "identifiers::locale"))]
    #[schema(value_type = Option<String>, max_length = 35, pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")]
    pub locale: Option<Option<String>>,
}

impl Params for AdminUpdateParams {}

/// Another role.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleParams {
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."))]
    #[schema(required = true, nullable = false, value_type = Role)]
    pub role: Option<Role>,
}

impl Params for RoleParams {}

impl Model {
    /// Change what the parameters name. A new email ends all sessions, is not confirmed, and is sent a
    /// link; both addresses are told.
    ///
    /// # Errors
    /// [`Error::Taken`]; [`Error::NotFound`] when the account is deleted.
    pub async fn update_as_admin(
        id: Uuid,
        means: Means<'_>,
        params: AdminUpdateParams,
    ) -> Result<Self> {
        let Means { outbox, now, .. } = means;
        let _changing = means.sessions.authentications.changing(id);
        let txn = transaction::begin(means.db).await?;
        let before = Self::lock(&txn, id).await?;
        if before.is_deleted() {
            return Err(Error::NotFound);
        }
        let mut row = before.clone().into_active_model();
        if let Some(username) = params.username {
            row.username_canonical
                .set_if_not_equals(identifiers::canonical(&username));
            row.username.set_if_not_equals(username);
        }
        if let Some(email) = params.email {
            row.email_canonical
                .set_if_not_equals(identifiers::canonical(&email));
            row.email.set_if_not_equals(email);
        }
        set(&mut row.first_name, params.first_name);
        set(&mut row.last_name, params.last_name);
        set(&mut row.phone_number, params.phone_number);
        set(&mut row.locale, params.locale);
        let new_email = row.email_canonical.is_set();
        if new_email {
            row.email_verified_at.set_if_not_equals(None);
        }
        let fields = changed_fields(&row);
        if fields.is_empty() {
            return Ok(before);
        }
        let user = row.save_if_changed(&txn, now).await?;
        let event = Event::of(Action::AccountUpdated, id).with("fields", fields);
        record(&txn, means, event).await?;
        let mut mails = Vec::new();
        if new_email {
            record(&txn, means, Event::of(Action::EmailChanged, id)).await?;
            revoke_all(&txn, means, id, None, "email_changed").await?;
            outbox.void_tokens(&txn, &before, now).await?;
            let details = Details {
                old_email: Some(before.email.clone()),
                new_email: Some(user.email.clone()),
                ..Default::default()
            };
            for (kind, to) in [
                (Kind::EmailChanged, &before.email),
                (Kind::EmailChanged, &user.email),
                (Kind::VerifyEmail, &user.email),
            ] {
                mails.push(outbox.order(&txn, kind, &user, to, &details, now).await?);
            }
        }
        txn.commit().await?;
        for mail in mails {
            outbox.deliver(mail);
        }
        Ok(user)
    }

    /// Void this account's password, end its sessions, and send a link by which another one is chosen.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it may not act.
    pub async fn force_password_reset(id: Uuid, means: Means<'_>) -> Result<()> {
        let Means { outbox, now, .. } = means;
        let _changing = means.sessions.authentications.changing(id);
        let txn = transaction::begin(means.db).await?;
        let user = Self::lock(&txn, id).await?;
        if !user.is_usable(now) {
            return Err(Error::NotFound);
        }
        let mut row = user.into_active_model();
        row.hashed_password
            .set_if_not_equals(password::NONE.to_string());
        let user = row.save_if_changed(&txn, now).await?;
        record(&txn, means, Event::of(Action::PasswordResetForced, id)).await?;
        revoke_all(&txn, means, id, None, "password_reset_forced").await?;
        outbox.void_tokens(&txn, &user, now).await?;
        let details = Details::default();
        let mail = outbox
            .order(&txn, Kind::ResetPassword, &user, &user.email, &details, now)
            .await?;
        txn.commit().await?;
        outbox.deliver(mail);
        Ok(())
    }
}

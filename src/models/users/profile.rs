//! What a user may change about itself.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue, IntoActiveModel};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::{ActiveModel, Model, identifiers, password::Hasher, policy};
use crate::{
    models::{
        Error, Means, Result,
        audit_events::{Action, Event, record},
        params::{Fault, Params, not_null, nullable, refuse},
        sessions::revocation::{is_open, revoke_all},
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
    #[schema(nullable = false, value_type = String, max_length = 64, pattern = r"^[\p{L}\p{M}\p{N}._-]*\p{L}[\p{L}\p{M}\p{N}._-]*$", example = "testuser")]
    pub username: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[validate(custom(function = "identifiers::email"))]
    #[schema(nullable = false, value_type = String, format = Email, max_length = 254, example = "testuser@example.com")]
    pub email: Option<String>,
    /// `null` clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "identifiers::name"))]
    #[schema(value_type = Option<String>, max_length = 150, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$", example = "Updated")]
    pub first_name: Option<Option<String>>,
    /// `null` clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "identifiers::name"))]
    #[schema(value_type = Option<String>, max_length = 150, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
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
    /// The language of the account's mails, as RFC 5646 has it; `null` for the default one.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "identifiers::locale"))]
    #[schema(value_type = Option<String>, max_length = 35, pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", example = "en")]
    pub locale: Option<Option<String>>,
    /// Needed to change the password or the email when the login was too long ago.
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
        policy::faults(self.password.as_deref(), &about, &settings.password)
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
    /// `None` when no password was shown to open it.
    pub at: Option<DateTime<Utc>>,
    pub counts_for: chrono::Duration,
}

impl Model {
    /// Change what the parameters name. `updated_at` moves only when something really changes. A new
    /// password ends all other sessions in the same transaction; a new email is asked for a
    /// confirmation, and until then the old one stays.
    ///
    /// # Errors
    /// [`Error::ReauthenticationRequired`] for a new password or email after a login that is too old,
    /// without the current password; [`Error::Taken`]; [`Error::Throttled`] when the new address was
    /// sent too many mails; [`Error::NotFound`] when the account is deleted meanwhile,
    /// [`Error::SessionEnded`] when this session is ended before there is a new password.
    pub async fn update_profile(
        &self,
        means: Means<'_>,
        params: UpdateParams,
        authentication: Authentication,
    ) -> Result<Self> {
        let Means {
            db,
            hasher,
            outbox,
            now,
            ..
        } = means;
        // The caller may come from memory, a moment old; what is compared and proved here is not.
        let user = Self::find_by_id(db, self.id).await?;
        if user.is_deleted() {
            return Err(Error::NotFound);
        }
        let new_email = params
            .email
            .as_deref()
            .filter(|email| identifiers::canonical(email) != user.email_canonical);
        if params.password.is_some() || new_email.is_some() {
            let shown = params.current_password.as_deref();
            user.reauthenticate(hasher, shown, authentication, now)
                .await?;
        }
        let hashed_password = match &params.password {
            Some(password) => Some(user.new_password(hasher, password).await?),
            None => None,
        };

        let _changing = means.sessions.authentications.changing(user.id);
        let txn = transaction::begin(db).await?;
        let current = Self::lock(&txn, user.id).await?;
        if current.is_deleted() {
            return Err(Error::NotFound);
        }
        // Hashing takes its time; a password that was shown must still be the one. A login meanwhile may
        // have hashed it anew; whoever is proved by the session loses it when the password is changed.
        let shown =
            params.current_password.is_some() && (params.password.is_some() || new_email.is_some());
        if shown && current.hashed_password != user.hashed_password {
            return Err(Error::SessionEnded);
        }
        let user = current;
        let new_email =
            new_email.filter(|email| identifiers::canonical(email) != user.email_canonical);
        let mut mails = Vec::new();
        let new_password = hashed_password.is_some();
        let row = user.changed(&params, hashed_password);
        let fields = changed_fields(&row);
        let user = row.save_if_changed(&txn, now).await?;
        if !fields.is_empty() {
            let event = Event::of(Action::AccountUpdated, user.id).with("fields", fields);
            record(&txn, means, event).await?;
        }
        if new_password || new_email.is_some() {
            // Hashing takes its time; meanwhile the owner may have ended a thief's session.
            if !is_open(&txn, authentication.session_id).await? {
                return Err(Error::SessionEnded);
            }
        }
        if new_password {
            let kept = Some(authentication.session_id);
            record(&txn, means, Event::of(Action::PasswordChanged, user.id)).await?;
            revoke_all(&txn, means, user.id, kept, "password_changed").await?;
            outbox.void_tokens(&txn, &user, now).await?;
            mails.push(user.tell_password_changed(&txn, means).await?);
        }
        if let Some(email) = new_email {
            mails.extend(
                user.ask_for_email_change(&txn, means, email, authentication.session_id)
                    .await?,
            );
        }
        txn.commit().await?;
        for mail in mails {
            outbox.deliver(mail);
        }
        Ok(user)
    }

    /// This row with what is changed at once.
    fn changed(self, params: &UpdateParams, hashed_password: Option<String>) -> ActiveModel {
        let email_canonical = self.email_canonical.clone();
        let mut user = self.into_active_model();
        if let Some(username) = &params.username {
            user.username_canonical
                .set_if_not_equals(identifiers::canonical(username));
            user.username.set_if_not_equals(username.clone());
        }
        // The same address, written in another way.
        if let Some(email) = &params.email
            && identifiers::canonical(email) == email_canonical
        {
            user.email.set_if_not_equals(email.clone());
        }
        set(&mut user.first_name, params.first_name.clone());
        set(&mut user.last_name, params.last_name.clone());
        set(&mut user.phone_number, params.phone_number.clone());
        set(&mut user.locale, params.locale.clone());
        set(&mut user.hashed_password, hashed_password);
        user
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
            None => authentication
                .at
                .is_some_and(|at| now < at + authentication.counts_for),
        };
        if shown_now {
            Ok(())
        } else {
            Err(Error::ReauthenticationRequired)
        }
    }
}

/// Set what a request names; what it leaves out stays.
pub(super) fn set<T>(column: &mut ActiveValue<T>, wanted: Option<T>)
where
    T: Into<sea_orm::Value> + PartialEq,
{
    if let Some(wanted) = wanted {
        column.set_if_not_equals(wanted);
    }
}

/// The names of what is about to change, but for the password, which is an event of its own.
pub(super) fn changed_fields(row: &ActiveModel) -> Vec<&'static str> {
    let fields = [
        ("username", row.username.is_set()),
        ("email", row.email.is_set()),
        ("first_name", row.first_name.is_set()),
        ("last_name", row.last_name.is_set()),
        ("phone_number", row.phone_number.is_set()),
        ("locale", row.locale.is_set()),
    ];
    let changed = fields.into_iter().filter(|(_, is_changed)| *is_changed);
    changed.map(|(name, _)| name).collect()
}

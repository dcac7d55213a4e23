//! Showing that mail to an account's address arrives with its owner.
//!
//! Whoever registers somebody else's address must have nothing of it once the owner of the address
//! confirms. So where confirmation is required, the token alone is not enough to keep the password: who
//! follows the link also shows that they are the one who registered, by the password or by a session,
//! or chooses a new password; else the password and all sessions are void.

use sea_orm::{ConnectionTrait, DatabaseTransaction, IntoActiveModel};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{Model, identifiers, password, policy};
use crate::{
    models::{
        Error, Means, Result,
        audit_events::{Action, Event, record},
        one_time_tokens::{self, Kind as TokenKind},
        outbox_mails::{Details, Kind},
        params::{Fault, Params, not_null},
        sessions::revocation::revoke_all,
        transaction,
    },
    settings::Settings,
};

/// The token of a mail, and whose account it is.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmailParams {
    /// From the link in the mail.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."))]
    #[schema(required = true, nullable = false, value_type = String, format = Password)]
    pub token: Option<String>,
    /// The password of the registration, or a new one. Where confirmation is required and neither
    /// this nor an access token of the account comes with the token, the account is confirmed and its
    /// password void.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = String, format = Password, max_length = 256)]
    pub password: Option<String>,
}

// The password may be the account's, chosen under another policy; a new one is judged later.
impl Params for VerifyEmailParams {}

/// What becomes of the password and the sessions that were there before.
enum Before {
    Kept,
    Replaced(String),
    Void,
}

impl Before {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Replaced(_) => "replaced",
            Self::Void => "void",
        }
    }
}

impl Model {
    /// Confirm the address of the account that this token is of. `caller` is the account that sends
    /// the request, if it is logged in.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a token that is not good, or a new password that is not.
    pub async fn verify_email(
        means: Means<'_>,
        params: VerifyEmailParams,
        caller: Option<Uuid>,
    ) -> Result<Self> {
        let Means {
            db, hasher, now, ..
        } = means;
        let plain = params.token.unwrap_or_default();
        let (token, user) = means
            .outbox
            .tokens
            .admit(means, TokenKind::VerifyEmail, &plain)
            .await?;
        let before = if user.is_verified() || caller == Some(user.id) {
            Before::Kept
        } else {
            match params.password.as_deref() {
                Some(password) if hasher.verify(password, Some(&user.hashed_password)).await? => {
                    Before::Kept
                }
                Some(password) => Before::Replaced(user.new_password(hasher, password).await?),
                None if means.sessions.require_verified_email => Before::Void,
                None => Before::Kept,
            }
        };

        let _changing = means.sessions.authentications.changing(user.id);
        let txn = transaction::begin(db).await?;
        let current = token.consume(&txn, TokenKind::VerifyEmail, now).await?;
        let is_the_address = current.email_canonical == identifiers::canonical(&token.email);
        if current.hashed_password != user.hashed_password || !is_the_address {
            return Err(one_time_tokens::invalid());
        }
        let user = current.owned(&txn, means, before).await?;
        txn.commit().await?;
        tracing::info!(user.id = %user.id, "an email address was confirmed");
        Ok(user)
    }

    /// The hash of a password that its owner chooses, if the policy allows it.
    pub(super) async fn new_password(
        &self,
        hasher: &password::Hasher,
        password: &str,
    ) -> Result<String> {
        let about = [
            Some(self.username.as_str()),
            Some(self.email.as_str()),
            self.first_name.as_deref(),
            self.last_name.as_deref(),
        ];
        let faults = policy::faults(Some(password), &about, hasher.policy());
        if faults.is_empty() {
            hasher.hash(password).await
        } else {
            Err(Error::Invalid(faults))
        }
    }

    /// The owner of the address has come by a link in a mail, and did not show the password: nothing
    /// of an account that was never confirmed is to be trusted where that is required.
    pub(super) async fn claimed(self, txn: &DatabaseTransaction, means: Means<'_>) -> Result<Self> {
        let before = if self.is_verified() || !means.sessions.require_verified_email {
            Before::Kept
        } else {
            Before::Void
        };
        self.owned(txn, means, before).await
    }

    async fn owned(
        self,
        txn: &DatabaseTransaction,
        means: Means<'_>,
        before: Before,
    ) -> Result<Self> {
        let now = means.now;
        let was_verified = self.is_verified();
        let mut row = self.into_active_model();
        if !was_verified {
            row.email_verified_at.set_if_not_equals(Some(now.into()));
            let id = row.id.try_as_ref().copied().unwrap_or_default();
            let event = Event::of(Action::EmailVerified, id).with("before", before.as_str());
            record(txn, means, event).await?;
        }
        match before {
            Before::Kept => return row.save_if_changed(txn, now).await,
            Before::Replaced(hash) => row.hashed_password.set_if_not_equals(hash),
            Before::Void => row
                .hashed_password
                .set_if_not_equals(password::NONE.to_string()),
        }
        let user = row.save_if_changed(txn, now).await?;
        revoke_all(txn, means, user.id, None, "email_verified").await?;
        means.outbox.void_tokens(txn, &user, now).await?;
        Ok(user)
    }

    /// A mail with a token goes to whoever has this address; one who asks too often has to wait.
    ///
    /// # Errors
    /// [`Error::Throttled`], by the address and by the client, whether an account has it or not.
    pub async fn request_mail(
        means: Means<'_>,
        kind: Kind,
        email: &str,
        client: Option<std::net::IpAddr>,
    ) -> Result<()> {
        let Means { outbox, now, .. } = means;
        let txn = transaction::begin(means.db).await?;
        let email = identifiers::canonical(email);
        means
            .throttles
            .admit_mail(&txn, &email, client, now)
            .await?;
        let mail = outbox.order_for_address(&txn, kind, &email, now).await?;
        let event = Event::general(Action::MailRequested).with("kind", kind.as_str());
        record(&txn, means, event).await?;
        txn.commit().await?;
        outbox.deliver(mail);
        Ok(())
    }

    /// Owe the owner a notice that its password is a new one.
    pub(super) async fn tell_password_changed(
        &self,
        txn: &impl ConnectionTrait,
        means: Means<'_>,
    ) -> Result<crate::models::outbox_mails::Ordered> {
        let (outbox, details) = (means.outbox, Details::default());
        outbox
            .order(
                txn,
                Kind::PasswordChanged,
                self,
                &self.email,
                &details,
                means.now,
            )
            .await
    }
}

/// What a request for a mail says: an address.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailParams {
    /// Of the account that the mail is about.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(
        required(message = "This field is required."),
        custom(function = "identifiers::email")
    )]
    #[schema(required = true, nullable = false, value_type = String, format = Email, max_length = 254, example = "testuser@example.com")]
    pub email: Option<String>,
}

impl Params for MailParams {}

/// A token of a mail, and nothing else.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneTimeTokenParams {
    /// From the link in the mail.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."))]
    #[schema(required = true, nullable = false, value_type = String, format = Password)]
    pub token: Option<String>,
}

impl Params for OneTimeTokenParams {}

/// A token of a mail, and the password that its owner chooses.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasswordParams {
    /// From the link in the mail.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."))]
    #[schema(required = true, nullable = false, value_type = String, format = Password)]
    pub token: Option<String>,
    /// Up to 256 characters; the shortest allowed depends on the environment.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."))]
    #[schema(required = true, nullable = false, value_type = String, format = Password, max_length = 256, example = "newsecurepassword")]
    pub password: Option<String>,
}

impl Params for NewPasswordParams {
    fn check(&self, settings: &Settings) -> Vec<Fault> {
        policy::faults(self.password.as_deref(), &[], &settings.password)
    }
}

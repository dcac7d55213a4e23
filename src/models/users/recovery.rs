//! A new password for somebody who has the mailbox: after forgetting the old one, or invited without
//! one.

use sea_orm::IntoActiveModel;

use super::{Model, verification::NewPasswordParams};
use crate::models::{
    Means, Result,
    audit_events::{Action, Event, record},
    one_time_tokens::Kind as TokenKind,
    sessions::revocation::revoke_all,
    transaction,
};

impl Model {
    /// Set the password of the account that this token is of, end all its sessions, and forget the
    /// failures that had closed it. The token shows that its mail arrived, so the address is
    /// confirmed.
    ///
    /// # Errors
    /// [`crate::models::Error::Invalid`] for a token that is not good, or a password that is not: then
    /// the token can be used again.
    pub async fn reset_password(
        means: Means<'_>,
        kind: TokenKind,
        params: NewPasswordParams,
    ) -> Result<Self> {
        let Means {
            db,
            hasher,
            outbox,
            now,
            ..
        } = means;
        let plain = params.token.unwrap_or_default();
        let password = params.password.unwrap_or_default();
        let (token, user) = outbox.tokens.admit(means, kind, &plain).await?;
        let hash = user.new_password(hasher, &password).await?;

        let _changing = means.sessions.authentications.changing(user.id);
        let txn = transaction::begin(db).await?;
        let user = token.consume(&txn, kind, now).await?;
        let had_password = user.has_password();
        let was_verified = user.is_verified();
        let mut row = user.into_active_model();
        row.hashed_password.set_if_not_equals(hash);
        if !was_verified {
            row.email_verified_at.set_if_not_equals(Some(now.into()));
        }
        let user = row.save_if_changed(&txn, now).await?;
        let event = Event::of(Action::PasswordReset, user.id).with("by", kind.as_str());
        record(&txn, means, event).await?;
        revoke_all(&txn, means, user.id, None, "password_reset").await?;
        outbox.void_tokens(&txn, &user, now).await?;
        means.throttles.forget(&txn, &user.identifiers()).await?;
        // Nobody is told of the first password: it is what the mail was about.
        let notice = if had_password {
            Some(user.tell_password_changed(&txn, means).await?)
        } else {
            None
        };
        txn.commit().await?;
        if let Some(notice) = notice {
            outbox.deliver(notice);
        }
        tracing::info!(user.id = %user.id, by = kind.as_str(), "a password was set by mail");
        Ok(user)
    }
}

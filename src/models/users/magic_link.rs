//! Logging in by a link in a mail.

use super::{Model, verification::OneTimeTokenParams};
use crate::models::{
    Means, Result,
    one_time_tokens::Kind as TokenKind,
    sessions::{Granted, Origin},
    transaction,
};

impl Model {
    /// Open a session for whoever has this token. It shows that the mail arrived, so the address is
    /// confirmed.
    ///
    /// # Errors
    /// [`crate::models::Error::Invalid`] for a token that is not good.
    pub async fn log_in_by_link(
        means: Means<'_>,
        params: &OneTimeTokenParams,
        origin: &Origin,
    ) -> Result<Granted> {
        let Means {
            db, outbox, now, ..
        } = means;
        let plain = params.token.as_deref().unwrap_or_default();
        let (token, user) = outbox
            .tokens
            .admit(means, TokenKind::MagicLink, plain)
            .await?;

        let _changing = means.sessions.authentications.changing(user.id);
        let txn = transaction::begin(db).await?;
        let user = token.consume(&txn, TokenKind::MagicLink, now).await?;
        let user = user.claimed(&txn, means).await?;
        let sessions = means.sessions;
        let (granted, notice) = sessions
            .open_in(&txn, means, user, "magic_link", origin)
            .await?;
        txn.commit().await?;
        if let Some(notice) = notice {
            outbox.deliver(notice);
        }
        Ok(granted)
    }
}

//! Another email address. The old one stays until the new one is confirmed, and both are told.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, IntoActiveModel, PaginatorTrait, entity::prelude::*,
};

use super::{Column, Entity, Model, identifiers, verification::OneTimeTokenParams};
use crate::models::{
    Error, Means, Result,
    audit_events::{Action, Event, record},
    one_time_tokens::{self, Kind as TokenKind},
    outbox_mails::{Details, Kind, Ordered},
    sessions::revocation::{revoke_all, was_left_alone},
    transaction,
};

impl Model {
    /// Ask the new address for a confirmation, and tell the old one.
    ///
    /// # Errors
    /// [`Error::Taken`]; [`Error::Throttled`] when that address was sent too many mails.
    pub(super) async fn ask_for_email_change(
        &self,
        txn: &DatabaseTransaction,
        means: Means<'_>,
        new_email: &str,
        session_id: Uuid,
    ) -> Result<[Ordered; 2]> {
        let Means { outbox, now, .. } = means;
        let canonical = identifiers::canonical(new_email);
        if is_taken(txn, &canonical).await? {
            return Err(Error::Taken { field: "email" });
        }
        means
            .throttles
            .admit_mail(txn, &canonical, None, now)
            .await?;
        let details = Details {
            old_email: Some(self.email.clone()),
            new_email: Some(new_email.to_string()),
            session_id: Some(session_id),
            ..Default::default()
        };
        let confirmation = outbox
            .order(txn, Kind::ChangeEmail, self, new_email, &details, now)
            .await?;
        let notice = outbox
            .order(
                txn,
                Kind::EmailChangeRequested,
                self,
                &self.email,
                &details,
                now,
            )
            .await?;
        record(txn, means, Event::of(Action::EmailChangeRequested, self.id)).await?;
        Ok([confirmation, notice])
    }

    /// Take the address that this token was sent to. All sessions end but the one that asked.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a token that is not good; [`Error::Taken`] when somebody else has the
    /// address by now.
    pub async fn change_email(means: Means<'_>, params: &OneTimeTokenParams) -> Result<Self> {
        let Means {
            db, outbox, now, ..
        } = means;
        let plain = params.token.as_deref().unwrap_or_default();
        let (token, user) = outbox
            .tokens
            .admit(means, TokenKind::ChangeEmail, plain)
            .await?;

        let _changing = means.sessions.authentications.changing(user.id);
        let txn = transaction::begin(db).await?;
        let before = token.consume(&txn, TokenKind::ChangeEmail, now).await?;
        // Whoever has thrown the one out who asked does not want what was asked for.
        if let Some(asked_in) = token.session_id
            && !was_left_alone(&txn, asked_in).await?
        {
            return Err(one_time_tokens::invalid());
        }
        let mut row = before.clone().into_active_model();
        row.email.set_if_not_equals(token.email.clone());
        row.email_canonical
            .set_if_not_equals(identifiers::canonical(&token.email));
        row.email_verified_at.set_if_not_equals(Some(now.into()));
        let user = row.save_if_changed(&txn, now).await?;
        record(&txn, means, Event::of(Action::EmailChanged, user.id)).await?;
        revoke_all(&txn, means, user.id, token.session_id, "email_changed").await?;
        outbox.void_tokens(&txn, &before, now).await?;
        let details = Details {
            old_email: Some(before.email.clone()),
            new_email: Some(user.email.clone()),
            ..Default::default()
        };
        let mut notices = Vec::with_capacity(2);
        for recipient in [&before.email, &user.email] {
            let notice = outbox.order(&txn, Kind::EmailChanged, &user, recipient, &details, now);
            notices.push(notice.await?);
        }
        txn.commit().await?;
        for notice in notices {
            outbox.deliver(notice);
        }
        tracing::info!(user.id = %user.id, "an email address was changed");
        Ok(user)
    }
}

async fn is_taken(db: &impl ConnectionTrait, canonical: &str) -> Result<bool> {
    let living = Entity::find()
        .filter(Column::EmailCanonical.eq(canonical))
        .filter(Column::DeletedAt.is_null());
    Ok(living.count(db).await? > 0)
}

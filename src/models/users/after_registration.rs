//! What follows when an account is made: the place for whatever else is to happen then.
//!
//! It runs once for an account, in the transaction that makes it, for whoever registers, is invited, or is
//! entered at a shell (`user:create`). It does not run for accounts that were somebody's before: imports
//! put very many in at a time, a copy and the development seeds bring rows as they are.
//!
//! What is written here is there with the account, or neither is. Nothing that leaves the database belongs
//! here: the account may yet not be. Mails that are ordered leave after the commit; for anything else
//! write a row that a worker takes, as `outbox_mails` does, because a process may die after the commit.

use std::net::IpAddr;

use sea_orm::DatabaseTransaction;

use super::Model;
use crate::models::{
    Error, Means, Result,
    outbox_mails::{Kind, Ordered},
};

/// How an account came to be.
#[derive(Clone, Copy)]
pub(super) enum Arrival {
    /// By its owner, or at a shell. `client` is counted for the mail.
    Registered { client: Option<IpAddr> },
    /// By an administrator; the owner will choose a password.
    Invited,
}

impl Model {
    /// All that follows. The mails are for [`Outbox::deliver`], after the commit.
    ///
    /// # Errors
    /// Any error refuses the account.
    ///
    /// [`Outbox::deliver`]: crate::models::outbox_mails::Outbox::deliver
    pub(super) async fn follow_up(
        &self,
        txn: &DatabaseTransaction,
        means: Means<'_>,
        arrival: Arrival,
    ) -> Result<Vec<Ordered>> {
        let mut mails = Vec::new();
        match arrival {
            Arrival::Registered { client } if self.is_active && !self.is_verified() => {
                mails.extend(self.ask_for_confirmation(txn, means, client).await?);
            }
            Arrival::Registered { .. } => {}
            Arrival::Invited => mails.push(self.order_invitation(txn, means).await?),
        }
        Ok(mails)
    }

    /// The mail that confirms its address, as long as the address and the client have not had their share.
    async fn ask_for_confirmation(
        &self,
        txn: &DatabaseTransaction,
        means: Means<'_>,
        client: Option<IpAddr>,
    ) -> Result<Option<Ordered>> {
        let Means { outbox, now, .. } = means;
        let admitted = means
            .throttles
            .admit_mail(txn, &self.email_canonical, client, now)
            .await;
        match admitted {
            Ok(()) => {}
            Err(Error::Throttled { .. }) => {
                tracing::info!(user.id = %self.id, "no confirmation mail: the address or the client had its share");
                return Ok(None);
            }
            Err(err) => return Err(err),
        }
        let mail = outbox.order_first(txn, Kind::VerifyEmail, self, now);
        Ok(Some(mail.await?))
    }
}

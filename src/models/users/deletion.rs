//! Soft deletion: the row stays, the account is gone and its identifiers are free.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, IntoActiveModel, QuerySelect, entity::prelude::*};

use super::{Column, Entity, Model, Role, is_usable};
use crate::models::{
    Error, Means, Result,
    audit_events::{Action, Event, record},
    one_time_tokens,
    sessions::revocation::revoke_all,
    transaction::{self, Exclusive},
};

impl Model {
    /// Delete this account and end its sessions.
    ///
    /// Where anybody may register as an administrator, the last one needs no protection; elsewhere
    /// `keep_last_admin` refuses to leave the system without one, also to parallel attempts.
    ///
    /// # Errors
    /// [`Error::LastAdmin`]; [`Error::NotFound`] when it is deleted already.
    pub async fn soft_delete(self, means: Means<'_>, keep_last_admin: bool) -> Result<Self> {
        let now = means.now;
        let _changing = means.sessions.authentications.changing(self.id);
        let txn = transaction::begin(means.db).await?;
        if keep_last_admin {
            self.is_not_the_last_admin(&txn, now).await?;
        }
        let mut user = self.into_active_model();
        user.deleted_at.set_if_not_equals(Some(now.into()));
        let user = user.save_if_changed(&txn, now).await?;
        record(&txn, means, Event::of(Action::AccountDeleted, user.id)).await?;
        revoke_all(&txn, means, user.id, None, "account_deleted").await?;
        one_time_tokens::void_all(&txn, user.id).await?;
        txn.commit().await?;
        tracing::info!(user.id = %user.id, "an account was deleted");
        Ok(user)
    }

    /// Would there be an administrator left without this one? Decided by one transaction at a time, also
    /// on other nodes: to be asked before any row is locked.
    ///
    /// # Errors
    /// [`Error::LastAdmin`].
    pub(super) async fn is_not_the_last_admin(
        &self,
        txn: &impl ConnectionTrait,
        now: DateTime<Utc>,
    ) -> Result<()> {
        transaction::alone(txn, Exclusive::LastAdmin).await?;
        if active_admins(txn, now).await? == [self.id] {
            return Err(Error::LastAdmin);
        }
        Ok(())
    }
}

/// The ids of the first few administrators who can act.
async fn active_admins(txn: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<Uuid>> {
    let admins = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Role.is_in(Role::administrators()))
        .filter(is_usable(now))
        .limit(2);
    Ok(admins.into_tuple().all(txn).await?)
}

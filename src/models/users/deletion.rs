//! Soft deletion: the row stays, the account is gone and its identifiers are free.

use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, IntoActiveModel, QueryOrder, QuerySelect, entity::prelude::*};

use super::{Column, Entity, Model, Role};
use crate::models::{
    Error, Result, one_time_tokens,
    sessions::{authentications::Authentications, revocation::revoke_all},
    transaction,
};

impl Model {
    /// Delete this account and end its sessions.
    ///
    /// Where anybody may register as an administrator, the last one needs no protection; elsewhere
    /// `keep_last_admin` refuses to leave the system without one, also to parallel attempts.
    ///
    /// # Errors
    /// [`Error::LastAdmin`]; [`Error::NotFound`] when it is deleted already.
    pub async fn soft_delete(
        self,
        db: &DatabaseConnection,
        authentications: &Authentications,
        keep_last_admin: bool,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let _changing = authentications.changing(self.id);
        let txn = transaction::begin(db).await?;
        if keep_last_admin && active_admins(&txn).await? == [self.id] {
            return Err(Error::LastAdmin);
        }
        let mut user = self.into_active_model();
        user.deleted_at.set_if_not_equals(Some(now.into()));
        let user = user.save_if_changed(&txn, now).await?;
        revoke_all(&txn, user.id, None, "account_deleted", now).await?;
        one_time_tokens::void_all(&txn, user.id).await?;
        txn.commit().await?;
        tracing::info!(user.id = %user.id, "an account was deleted");
        Ok(user)
    }
}

/// The ids of the administrators who can act, locked in one order until the transaction ends.
async fn active_admins(txn: &impl ConnectionTrait) -> Result<Vec<Uuid>> {
    let admins = Entity::find()
        .filter(Column::Role.eq(Role::Admin))
        .filter(Column::IsActive.eq(true))
        .filter(Column::DeletedAt.is_null())
        .order_by_asc(Column::Id)
        .lock_exclusive();
    Ok(admins
        .all(txn)
        .await?
        .into_iter()
        .map(|admin| admin.id)
        .collect())
}

//! Deleted accounts: brought back within a grace time, and erased for good after it.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, IntoActiveModel, PaginatorTrait, QueryOrder, QuerySelect,
    entity::prelude::*,
};

use super::{Column, Entity, Model, identifiers};
use crate::models::{
    Error, Means, Result,
    audit_events::{self, Action, Event, record},
    outbox_mails, transaction,
};

/// Accounts that are erased in one go.
const BATCH: u64 = 200;

impl Model {
    /// Bring a deleted account back, as it was; its sessions stay ended.
    ///
    /// # Errors
    /// [`Error::Taken`] names the identifier that a living account has by now; [`Error::NotFound`] for
    /// an account that is not there any more.
    pub async fn restore(means: Means<'_>, id: Uuid) -> Result<Self> {
        let _changing = means.sessions.authentications.changing(id);
        let txn = transaction::begin(means.db).await?;
        let user = Self::lock(&txn, id).await?;
        if !user.is_deleted() {
            return Ok(user);
        }
        let mut row = user.into_active_model();
        row.deleted_at.set_if_not_equals(None);
        crate::models::timestamps::stamp(&mut row, means.now);
        let user = row.update(&txn).await;
        let user = user.map_err(|err| identifiers::conflict(&err).unwrap_or_else(|| err.into()))?;
        record(&txn, means, Event::of(Action::AccountRestored, user.id)).await?;
        txn.commit().await?;
        tracing::info!(user.id = %user.id, "an account was restored");
        Ok(user)
    }

    /// Erase a deleted account for good: its row, its sessions, tokens, mails, and the addresses that
    /// it acted from. What stays in the audit trail is its id.
    async fn purge(self, means: Means<'_>) -> Result<bool> {
        let _changing = means.sessions.authentications.changing(self.id);
        let txn = transaction::begin(means.db).await?;
        let user = match Self::lock(&txn, self.id).await {
            Ok(user) => user,
            Err(Error::NotFound) => return Ok(false),
            Err(err) => return Err(err),
        };
        if user.deleted_at != self.deleted_at {
            // Restored, or deleted anew, since it was found.
            return Ok(false);
        }
        // Somebody else may have its identifiers by now, and what is counted and owed under them.
        let mut free = Vec::new();
        for identifier in user.identifiers() {
            match Self::find_by_identifier(&txn, identifier).await {
                Err(Error::NotFound) => free.push(identifier),
                Ok(_) => {}
                Err(err) => return Err(err),
            }
        }
        let address_is_free = free.contains(&user.email_canonical.as_str());
        outbox_mails::upkeep::erase(&txn, &user, address_is_free).await?;
        audit_events::erase_addresses(&txn, user.id).await?;
        means.throttles.forget(&txn, &free).await?;
        if address_is_free {
            let throttles = means.throttles;
            throttles
                .forget_mails_to(&txn, &user.email_canonical)
                .await?;
        }
        record(&txn, means, Event::of(Action::AccountPurged, user.id)).await?;
        // Sessions and tokens go with it.
        Entity::delete_by_id(user.id).exec(&txn).await?;
        txn.commit().await?;
        Ok(true)
    }
}

fn expired(grace: Duration, now: DateTime<Utc>) -> sea_orm::Condition {
    sea_orm::Condition::all().add(Column::DeletedAt.lte((now - grace).fixed_offset()))
}

/// How many accounts a purge would erase.
pub async fn count_expired(
    db: &impl ConnectionTrait,
    grace: Duration,
    now: DateTime<Utc>,
) -> Result<u64> {
    Ok(Entity::find().filter(expired(grace, now)).count(db).await?)
}

/// Erase one batch of the accounts that were deleted before the grace time; 0 when nothing is left.
pub async fn purge_batch(means: Means<'_>, grace: Duration) -> Result<u64> {
    let mut erased = 0;
    for user in find_expired(means.db, grace, means.now).await? {
        erased += u64::from(user.purge(means).await?);
    }
    Ok(erased)
}

async fn find_expired(
    db: &DatabaseConnection,
    grace: Duration,
    now: DateTime<Utc>,
) -> Result<Vec<Model>> {
    let query = Entity::find()
        .filter(expired(grace, now))
        .order_by_asc(Column::DeletedAt)
        .limit(BATCH);
    Ok(query.all(db).await?)
}

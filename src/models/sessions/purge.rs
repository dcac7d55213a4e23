//! Rows that say nothing any more.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{Condition, ConnectionTrait, QuerySelect, entity::prelude::*};

use super::{Column, Entity};
use crate::models::Result;

/// So long after its end a session can still be looked up by an operator.
const KEPT: Duration = Duration::days(30);

/// Rows removed by one statement, so that no writer waits long.
const BATCH: u64 = 1000;

/// Which sessions ended, or could have been used for the last time, before `KEPT`?
fn stale(now: DateTime<Utc>) -> Condition {
    let before = (now - KEPT).fixed_offset();
    Condition::any()
        .add(Column::ExpiresAt.lt(before))
        .add(Column::RevokedAt.lt(before))
        .add(Column::IdleExpiresAt.lt(before))
}

/// How many sessions a purge would remove.
pub async fn count(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64> {
    Ok(sea_orm::PaginatorTrait::count(Entity::find().filter(stale(now)), db).await?)
}

/// Remove one batch; 0 when nothing is left.
pub async fn batch(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64> {
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(stale(now))
        .limit(BATCH)
        .into_tuple()
        .all(db)
        .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let deleted = Entity::delete_many()
        .filter(Column::Id.is_in(ids))
        .exec(db)
        .await?;
    Ok(deleted.rows_affected)
}

//! Giving committed events their place in the chain.
//!
//! Whoever writes events does not wait for the others: a row is inserted without a place. A moment
//! later one process at a time (an advisory lock on PostgreSQL, the write lock on SQLite) takes what has
//! been committed, in the order of the ids, and appends it. So an event that commits late comes late
//! in the chain, and none is passed over. Until then, well under a second, a row is protected by the
//! table's triggers alone.

use chrono::{DateTime, FixedOffset, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, PaginatorTrait, QueryOrder, QuerySelect,
    entity::prelude::*, sea_query::Expr,
};

use super::{Column, Entity, chain};
use crate::models::{
    Result,
    transaction::{self, Exclusive},
};

/// Events that are sealed in one transaction.
const BATCH: u64 = 500;

/// Is anything waiting?
pub async fn is_due(db: &impl ConnectionTrait) -> Result<bool> {
    let waiting = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Sequence.is_null())
        .limit(1);
    Ok(waiting.into_tuple::<Uuid>().one(db).await?.is_some())
}

/// When the newest event happened.
pub async fn newest(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>> {
    let newest = Entity::find().order_by_desc(Column::Id).one(db).await?;
    Ok(newest.map(|event| event.occurred_at.to_utc()))
}

/// Events that wait, and when the oldest of them was recorded.
pub async fn lag(db: &impl ConnectionTrait) -> Result<(u64, Option<DateTime<Utc>>)> {
    let waiting = || Entity::find().filter(Column::Sequence.is_null());
    let oldest = waiting()
        .select_only()
        .column(Column::OccurredAt)
        .order_by_asc(Column::Id)
        .limit(1);
    let oldest = oldest.into_tuple::<DateTime<FixedOffset>>().one(db).await?;
    let count = waiting().count(db).await?;
    Ok((count, oldest.map(|at| at.to_utc())))
}

/// Append one batch; 0 when nothing is left.
pub async fn seal(db: &DatabaseConnection) -> Result<u64> {
    let txn = transaction::begin(db).await?;
    transaction::alone(&txn, Exclusive::AuditChain).await?;
    let events = Entity::find()
        .filter(Column::Sequence.is_null())
        .order_by_asc(Column::Id)
        .limit(BATCH)
        .all(&txn)
        .await?;
    let mut sealed = 0;
    if !events.is_empty() {
        let (mut sequence, mut hash) = chain::last(&txn).await?;
        for event in events {
            sequence += 1;
            hash = chain::hash(&hash, &event, sequence)?;
            Entity::update_many()
                .col_expr(Column::Sequence, Expr::value(Some(sequence)))
                .col_expr(Column::Hash, Expr::value(Some(hash.clone())))
                .filter(Column::Id.eq(event.id))
                .exec(&txn)
                .await?;
            sealed += 1;
        }
    }
    txn.commit().await?;
    Ok(sealed)
}

/// Append all that is committed.
pub async fn seal_all(db: &DatabaseConnection) -> Result<u64> {
    let mut sealed = 0;
    while is_due(db).await? {
        sealed += seal(db).await?;
    }
    Ok(sealed)
}

//! Cutting off the oldest part of the trail, which leaves a signed anchor.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseConnection, PaginatorTrait, QueryOrder, QuerySelect,
    entity::prelude::*,
};

use super::{Action, Column, Entity, Event, Model, chain::Signer, record};
use crate::models::{Means, Result, audit_anchors, new_id, transaction};

/// Rows removed by one statement, so that no writer waits long.
const BATCH: u64 = 1000;

/// The last event before this time in the chain.
pub async fn last_before(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<Option<Model>> {
    let first_kept = Entity::find()
        .filter(Column::Sequence.is_not_null())
        .filter(Column::OccurredAt.gte(before.fixed_offset()))
        .order_by_asc(Column::Sequence)
        .one(db)
        .await?;
    let mut query = Entity::find().filter(Column::Sequence.is_not_null());
    if let Some(kept) = first_kept {
        query = query.filter(Column::Sequence.lt(kept.sequence));
    }
    Ok(query.order_by_desc(Column::Sequence).one(db).await?)
}

/// How many events a cut up to this one would remove.
pub async fn count(db: &impl ConnectionTrait, last: &Model) -> Result<u64> {
    let gone = Entity::find().filter(Column::Sequence.lte(last.sequence));
    Ok(gone.count(db).await?)
}

/// Set the anchor after this event, if there is none so far on; from then on what lies before may be
/// removed. The caller has verified the chain.
pub async fn anchor(means: Means<'_>, signer: &Signer, last: &Model) -> Result<()> {
    let (sequence, hash) = (
        last.sequence.unwrap_or_default(),
        last.hash.clone().unwrap_or_default(),
    );
    let txn = transaction::begin(means.db).await?;
    let there = audit_anchors::latest(&txn).await?;
    if there.is_some_and(|anchor| anchor.sequence >= sequence) {
        return Ok(());
    }
    let row = audit_anchors::ActiveModel {
        id: Set(new_id(means.now)),
        sequence: Set(sequence),
        signature: Set(signer.sign(sequence, &hash)),
        hash: Set(hash),
        created_at: Set(means.now.into()),
    };
    let insert = audit_anchors::Entity::insert(row);
    insert.exec_without_returning(&txn).await?;
    let event = Event::general(Action::AuditCut).with("up_to", sequence);
    record(&txn, means, event).await?;
    txn.commit().await?;
    Ok(())
}

/// Remove one batch of what lies before the anchor; 0 when nothing is left.
pub async fn cut(db: &DatabaseConnection) -> Result<u64> {
    let Some(anchor) = audit_anchors::latest(db).await? else {
        return Ok(0);
    };
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Sequence.lte(anchor.sequence))
        .order_by_asc(Column::Sequence)
        .limit(BATCH)
        .into_tuple()
        .all(db)
        .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let gone = Entity::delete_many().filter(Column::Id.is_in(ids));
    Ok(gone.exec(db).await?.rows_affected)
}

//! What an operator sees of the outbox, and does to it.

use chrono::{DateTime, Duration, FixedOffset, Utc};
use sea_orm::{
    Condition, ConnectionTrait, PaginatorTrait, QueryOrder, QuerySelect, entity::prelude::*,
    sea_query::Expr,
};

use super::{Column, Entity, Model, status};
use crate::models::{Result, users};

/// What was sent or dropped is kept so long, and what died longer: somebody may still want it sent.
const KEPT: Duration = Duration::days(7);
const DEAD_KEPT: Duration = Duration::days(90);

/// Rows removed by one statement, so that no writer waits long.
const BATCH: u64 = 1000;

/// The latest mails, of one status or of all.
pub async fn list(
    db: &impl ConnectionTrait,
    status: Option<&str>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut query = Entity::find();
    if let Some(status) = status {
        query = query.filter(Column::Status.eq(status));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Owe mails again that were given up, and those that wait for their next attempt: all, or one. How
/// many?
pub async fn retry(db: &impl ConnectionTrait, id: Option<Uuid>, now: DateTime<Utc>) -> Result<u64> {
    let mut update = Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::QUEUED))
        .col_expr(Column::Attempts, Expr::value(0_i64))
        .col_expr(Column::NextAttemptAt, Expr::value(now.fixed_offset()))
        .col_expr(Column::EndedAt, Expr::value(None::<DateTimeWithTimeZone>))
        .filter(
            Condition::any().add(Column::Status.eq(status::DEAD)).add(
                Condition::all()
                    .add(Column::Status.eq(status::QUEUED))
                    .add(Column::NextAttemptAt.gt(now.fixed_offset())),
            ),
        );
    // Not one that somebody is sending.
    update = update.filter(
        Condition::any()
            .add(Column::ClaimedUntil.is_null())
            .add(Column::ClaimedUntil.lte(now.fixed_offset())),
    );
    if let Some(id) = id {
        update = update.filter(Column::Id.eq(id));
    }
    Ok(update.exec(db).await?.rows_affected)
}

fn stale(now: DateTime<Utc>) -> Condition {
    let ended = |status: &str, kept: Duration| {
        Condition::all()
            .add(Column::Status.eq(status))
            .add(Column::EndedAt.lt((now - kept).fixed_offset()))
    };
    Condition::any()
        .add(ended(status::SENT, KEPT))
        .add(ended(status::DROPPED, KEPT))
        .add(ended(status::DEAD, DEAD_KEPT))
}

/// Mails that wait, mails that were given up, and when the oldest one that waits was due.
pub async fn depth(db: &impl ConnectionTrait) -> Result<(u64, u64, Option<DateTime<Utc>>)> {
    let of = |status: &str| Entity::find().filter(Column::Status.eq(status));
    let queued = of(status::QUEUED).count(db).await?;
    let dead = of(status::DEAD).count(db).await?;
    let oldest = of(status::QUEUED)
        .select_only()
        .column(Column::NextAttemptAt)
        .order_by_asc(Column::NextAttemptAt)
        .limit(1);
    let oldest = oldest.into_tuple::<DateTime<FixedOffset>>().one(db).await?;
    Ok((queued, dead, oldest.map(|at| at.to_utc())))
}

/// How many mails a purge would remove.
pub async fn count_stale(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64> {
    Ok(Entity::find().filter(stale(now)).count(db).await?)
}

/// Remove one batch of mails that ended long ago; 0 when nothing is left.
pub async fn purge_batch(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64> {
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
    let deleted = Entity::delete_many().filter(Column::Id.is_in(ids));
    Ok(deleted.exec(db).await?.rows_affected)
}

/// Remove every mail to an account; and to its address, unless somebody else has that by now.
pub async fn erase(
    txn: &impl ConnectionTrait,
    user: &users::Model,
    address_is_free: bool,
) -> Result<()> {
    let mut its = Condition::any().add(Column::UserId.eq(user.id));
    if address_is_free {
        its = its.add(Column::Recipient.is_in([&user.email, &user.email_canonical]));
    }
    Entity::delete_many().filter(its).exec(txn).await?;
    Ok(())
}

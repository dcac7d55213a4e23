//! Of several nodes one does a piece of work: the one that holds its lease.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{
    ActiveValue::Set, Condition, DatabaseConnection, TryInsertResult, entity::prelude::*,
    sea_query::Expr,
};

pub use super::_entities::leases::{ActiveModel, Column, Entity, Model};
use super::{Result, new_id, transaction};

impl ActiveModelBehavior for ActiveModel {}

/// Take or extend the lease of this name; false while somebody else holds it.
pub async fn take(
    db: &DatabaseConnection,
    name: &str,
    holder: Uuid,
    lasts: Duration,
    now: DateTime<Utc>,
) -> Result<bool> {
    let until = (now + lasts).fixed_offset();
    let taken = Entity::update_many()
        .col_expr(Column::Holder, Expr::value(holder))
        .col_expr(Column::ExpiresAt, Expr::value(until))
        .filter(Column::Name.eq(name))
        .filter(
            Condition::any()
                .add(Column::Holder.eq(holder))
                .add(Column::ExpiresAt.lte(now.fixed_offset())),
        )
        .exec(db)
        .await?;
    if taken.rows_affected == 1 {
        return Ok(true);
    }
    let new = ActiveModel {
        id: Set(new_id(now)),
        name: Set(name.to_string()),
        holder: Set(holder),
        expires_at: Set(until),
    };
    let txn = transaction::begin(db).await?;
    let inserted = Entity::insert(new)
        .on_conflict_do_nothing_on([Column::Name])
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(_)))
}

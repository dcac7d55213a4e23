//! `created_at` and `updated_at` of every table that has them: the model's half of
//! `migration::timestamps`.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue, EntityTrait, Value};

type ColumnOf<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;

/// Stamp a row that is about to be written: `created_at` when it is new, `updated_at` when it
/// changes. Every transition goes through here, so `updated_at` is null until the first change.
pub fn stamp<A: ActiveModelTrait>(row: &mut A, now: DateTime<Utc>) {
    let is_new = ColumnOf::<A>::from_str("id")
        .is_ok_and(|id| !matches!(row.get(id), ActiveValue::Unchanged(_)));
    let name = if is_new { "created_at" } else { "updated_at" };
    if let Ok(column) = ColumnOf::<A>::from_str(name) {
        row.set(column, Value::from(now.fixed_offset()));
    }
}

//! `timestamps::stamp`: `created_at` once, `updated_at` from the first change on.

use chrono::{DateTime, Utc};
use rollcall::models::{
    new_id,
    timestamps::stamp,
    users::{self, import::ImportParams},
};
use sea_orm::{ActiveValue, IntoActiveModel};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[test]
fn a_new_row_gets_created_at() {
    let now = at("2026-01-01T00:00:00.123456Z");
    let mut row = users::ActiveModel {
        id: ActiveValue::Set(new_id(now)),
        ..Default::default()
    };

    stamp(&mut row, now);

    assert_eq!(row.created_at, ActiveValue::Set(now.fixed_offset()));
    assert_eq!(row.updated_at, ActiveValue::NotSet);
    assert_eq!(row.deleted_at, ActiveValue::NotSet);
}

#[test]
fn a_stored_row_gets_updated_at_and_keeps_created_at() {
    let (created, now) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
    let mut row = ImportParams::default()
        .into_row(created)
        .into_active_model();

    stamp(&mut row, now);

    assert_eq!(
        row.created_at,
        ActiveValue::Unchanged(created.fixed_offset())
    );
    assert_eq!(row.updated_at, ActiveValue::Set(Some(now.fixed_offset())));
    assert_eq!(row.deleted_at, ActiveValue::Unchanged(None));
}

#[test]
fn ids_lie_in_the_order_of_their_time() {
    let times = [
        "1970-01-01T00:00:00Z",
        "2026-01-01T00:00:00.001Z",
        "2026-01-01T00:00:00.002Z",
        "2026-01-01T00:00:01Z",
        "2100-01-01T00:00:00Z",
    ];

    let ids = times.map(|time| new_id(at(time)));

    assert!(ids.is_sorted(), "{ids:?}");
    assert!(ids.iter().all(|id| id.get_version_num() == 7));
    let again = new_id(at(times[0]));
    assert_ne!(again, ids[0]);
}

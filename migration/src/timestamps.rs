//! The three time stamps of every table that people write to.

use loco_rs::schema::ColType;

/// `created_at`, `updated_at` (null until the first change) and `deleted_at` (null while the row is
/// alive), all with a time zone. `models::timestamps` keeps them.
///
/// ```ignore
/// create_table_without_timestamps(m, "posts", &[&[("id", ColType::PkUuid)][..], &timestamps()].concat(), &[])
/// ```
#[must_use]
pub fn timestamps() -> [(&'static str, ColType); 3] {
    [
        ("created_at", ColType::TimestampWithTimeZone),
        ("updated_at", ColType::TimestampWithTimeZoneNull),
        ("deleted_at", ColType::TimestampWithTimeZoneNull),
    ]
}

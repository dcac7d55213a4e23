//! One file per table, and its capabilities beside it (`users/…`). All queries and all rules live here.

pub mod _entities;
pub mod audit_anchors;
pub mod audit_events;
pub mod bulk;
pub mod cursor;
pub mod database;
pub mod error;
pub mod imports;
pub mod leases;
pub mod means;
pub mod one_time_tokens;
pub mod outbox_mails;
pub mod params;
pub mod secrets;
pub mod sessions;
pub mod throttles;
pub mod timestamps;
pub mod transaction;
pub mod users;

pub use error::{Error, Result};
pub use means::Means;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A new row's id: UUID version 7 (RFC 9562, section 5.7), so that rows lie in the order they came.
pub fn new_id(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(
        uuid::NoContext,
        seconds,
        now.timestamp_subsec_nanos(),
    ))
}

/// The smallest UUID version 7 of a moment.
pub fn first_id_at(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    let [_, _, bytes @ ..] = millis.to_be_bytes();
    let mut id = [0; 16];
    id[..6].copy_from_slice(&bytes);
    Uuid::from_bytes(id)
}

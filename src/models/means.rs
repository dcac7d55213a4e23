//! What a change to an account needs besides its own words, handed in as one: the database, the time,
//! who asks for it, and whoever hashes, keeps sessions, counts and sends.

use chrono::{DateTime, Utc};
use sea_orm::DatabaseConnection;

use super::{
    audit_events::Actor, outbox_mails::Outbox, sessions::Sessions, throttles::Throttles,
    users::password::Hasher,
};

#[derive(Clone, Copy)]
pub struct Means<'a> {
    pub db: &'a DatabaseConnection,
    pub hasher: &'a Hasher,
    pub sessions: &'a Sessions,
    pub throttles: &'a Throttles,
    pub outbox: &'a Outbox,
    pub now: DateTime<Utc>,
    pub actor: Actor<'a>,
}

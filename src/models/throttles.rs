//! Guessing passwords is slowed down: per identifier that is tried and per client address, in the
//! database, so that all nodes count together and a restart forgets nothing.
//!
//! A failure is counted under the identifier as it was typed, whether it belongs to anybody or not: so
//! the refusals tell nothing. An account has three identifiers, so each stops at a third of the 100
//! failures in a row that NIST SP 800-63B-4, section 3.2.2, allows.

use std::{net::IpAddr, sync::Arc, time::Duration as StdDuration};

use chrono::{DateTime, Duration, Utc};
use moka::sync::Cache;
use sea_orm::{
    ActiveValue::Set,
    DatabaseConnection,
    entity::prelude::*,
    sea_query::{Expr, OnConflict},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use super::_entities::throttles::{ActiveModel, Column, Entity, Model};
use super::{Error, Result, secrets::Key};
use crate::settings::Throttle as Settings;
use device::{Device, Devices};

pub mod device;
pub mod mail;

impl ActiveModelBehavior for ActiveModel {}

/// Failures in a row after which an identifier is closed to devices that never signed in.
const MAX_FAILURES: i64 = 33;
/// How long a refused client is told to wait when waiting does not help.
const CLOSED: Duration = Duration::days(1);
/// Beyond what the clocks of two nodes may be apart, a clock was set.
const CLOCKS_DIFFER: Duration = Duration::minutes(1);
/// An address starts anew after so long without a failure.
const ADDRESS_FORGOTTEN_AFTER: Duration = Duration::minutes(15);
/// Rows that nobody has failed on for so long are removed.
const KEPT: Duration = Duration::days(90);
/// Attempts on one identifier that this node checks at the same time; the others wait for their turn,
/// and are then judged by what became of these.
const AT_ONCE: usize = 2;

#[derive(Clone)]
pub struct Throttles {
    settings: Settings,
    key: Key,
    turns: Cache<Uuid, Arc<Semaphore>>,
    pub devices: Devices,
}

/// One attempt to log in: what its failure is counted under.
pub struct Attempt {
    who: Uuid,
    address: Option<Uuid>,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Throttles {
    pub fn new(secret: &[u8], settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            key: Key::derive(secret, "throttle"),
            turns: Cache::builder()
                .max_capacity(10_000)
                .time_to_idle(StdDuration::from_secs(60))
                .build(),
            devices: Devices::new(secret),
        }
    }

    /// May this attempt be made? A device that signed in to this account before has a count of its
    /// own, so that nobody can lock the owner out.
    ///
    /// # Errors
    /// [`Error::Throttled`] says how long to wait.
    pub async fn admit(
        &self,
        db: &DatabaseConnection,
        identifier: &str,
        known_device: Option<&Device>,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Attempt> {
        let who = match known_device {
            Some(device) => self.id("device", &device.id),
            None => self.id("identifier", identifier.as_bytes()),
        };
        let address = address.map(|address| self.id("address", &network(address)));
        if !self.settings.enable {
            return Ok(Attempt {
                who,
                address,
                _turn: None,
            });
        }
        let turns = self
            .turns
            .get_with(who, || Arc::new(Semaphore::new(AT_ONCE)));
        let turn = turns
            .acquire_owned()
            .await
            .map_err(|err| Error::Internal(err.to_string()))?;

        let ids: Vec<Uuid> = std::iter::once(who).chain(address).collect();
        let rows = Entity::find().filter(Column::Id.is_in(ids)).all(db).await?;
        let wait = rows.iter().map(|row| row.wait(now)).max();
        match wait {
            Some(wait) if wait > Duration::zero() => Err(Error::Throttled { wait }),
            _ => Ok(Attempt {
                who,
                address,
                _turn: Some(turn),
            }),
        }
    }

    /// The attempt failed: count it. Has it closed the identifier?
    pub async fn failed(
        &self,
        txn: &impl ConnectionTrait,
        attempt: &Attempt,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        if !self.settings.enable {
            return Ok(false);
        }
        let free = self.settings.free_failures;
        let failures = self
            .count(txn, attempt.who, free, Some(MAX_FAILURES), None, now)
            .await?;
        if let Some(address) = attempt.address {
            let free = self.settings.free_failures_per_address;
            let forgotten_after = Some(ADDRESS_FORGOTTEN_AFTER);
            self.count(txn, address, free, None, forgotten_after, now)
                .await?;
        }
        Ok(failures == MAX_FAILURES)
    }

    /// The attempt succeeded: the failures before it were the owner's.
    pub async fn succeeded(&self, db: &DatabaseConnection, attempt: &Attempt) -> Result<()> {
        if self.settings.enable {
            Entity::delete_by_id(attempt.who).exec(db).await?;
        }
        Ok(())
    }

    /// Forget the failures on these identifiers: their owner has come by another way.
    pub async fn forget(&self, txn: &impl ConnectionTrait, identifiers: &[&str]) -> Result<()> {
        let ids = identifiers
            .iter()
            .map(|identifier| self.id("identifier", identifier.as_bytes()));
        Entity::delete_many()
            .filter(Column::Id.is_in(ids))
            .exec(txn)
            .await?;
        Ok(())
    }

    async fn count(
        &self,
        txn: &impl ConnectionTrait,
        id: Uuid,
        free: i64,
        max: Option<i64>,
        forgotten_after: Option<Duration>,
        now: DateTime<Utc>,
    ) -> Result<i64> {
        let stamp = now.fixed_offset();
        // Not blocked at all: a request that began earlier may come here later.
        let never = DateTime::<Utc>::UNIX_EPOCH.fixed_offset();
        let counted = sea_orm::ExprTrait::add(Expr::col((Entity, Column::Failures)), 1);
        let failures = match forgotten_after {
            Some(after) => Expr::case(Column::FailedAt.lt((now - after).fixed_offset()), 1)
                .finally(counted)
                .into(),
            None => counted,
        };
        let row = Entity::insert(ActiveModel {
            id: Set(id),
            failures: Set(1),
            failed_at: Set(stamp),
            blocked_until: Set(never),
        })
        .on_conflict(
            OnConflict::column(Column::Id)
                .value(Column::Failures, failures)
                .value(Column::FailedAt, Expr::value(stamp))
                .value(Column::BlockedUntil, Expr::value(never))
                .to_owned(),
        )
        .exec_with_returning(txn)
        .await?;
        let wait = if max.is_some_and(|max| row.failures >= max) {
            tracing::warn!(throttle.id = %id, "an identifier is closed after too many failures");
            CLOSED * 36500
        } else {
            self.settings.delay(row.failures - free)
        };
        if wait > Duration::zero() {
            Entity::update_many()
                .col_expr(
                    Column::BlockedUntil,
                    Expr::value((now + wait).fixed_offset()),
                )
                .filter(Column::Id.eq(id))
                .exec(txn)
                .await?;
        }
        Ok(row.failures)
    }

    fn id(&self, kind: &str, what: &[u8]) -> Uuid {
        let mac = self.key.mac(&[kind.as_bytes(), &[0], what]);
        let (id, _) = mac
            .split_first_chunk::<16>()
            .unwrap_or_else(|| unreachable!());
        Uuid::from_bytes(*id)
    }
}

impl Model {
    /// What failed at a time that is still to come failed before the clock was set back: it is counted, but
    /// nobody is kept out until that time comes again. What is closed stays so.
    fn wait(&self, now: DateTime<Utc>) -> Duration {
        let set_back = self.failed_at.to_utc() > now + CLOCKS_DIFFER;
        if set_back && self.blocked_until - self.failed_at <= CLOSED {
            return Duration::zero();
        }
        self.blocked_until.to_utc() - now
    }
}

/// Seconds that a client is told to wait: whole ones, and never more than a day.
pub fn retry_after(wait: Duration) -> u64 {
    let millis = wait.min(CLOSED).num_milliseconds();
    u64::try_from(millis)
        .unwrap_or_default()
        .div_ceil(1000)
        .max(1)
}

/// Remove what was last counted long ago. How many rows?
pub async fn purge(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64> {
    let old = Entity::delete_many().filter(Column::FailedAt.lt((now - KEPT).fixed_offset()));
    Ok(old.exec(db).await?.rows_affected)
}

/// Whoever has one IPv6 address has its whole /64 (RFC 6177).
fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets()[..8].to_vec(),
    }
}

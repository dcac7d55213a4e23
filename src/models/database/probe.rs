//! Would a write succeed at this moment?

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, DatabaseConnection, EntityTrait};
use tokio::{sync::Mutex, time::timeout};

use crate::models::{Error, Result, leases, new_id, transaction};

/// What was found counts for so long, whoever asks.
const COUNTS_FOR: Duration = Duration::from_secs(1);
/// A write that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(2);

/// One try at a time, however many ask.
#[derive(Default)]
pub struct Probe(Mutex<Option<(Instant, Option<String>)>>);

impl Probe {
    /// Write something, and take it back.
    ///
    /// # Errors
    /// Why it failed, now or less than a second ago.
    pub async fn write(&self, db: &DatabaseConnection, now: DateTime<Utc>) -> Result<()> {
        let mut last = self.0.lock().await;
        let found = match last.take() {
            Some((at, found)) if at.elapsed() < COUNTS_FOR => (at, found),
            _ => {
                let tried = timeout(LONGEST, try_to(db, now)).await;
                let failure = match tried {
                    Ok(Ok(())) => None,
                    Ok(Err(err)) => Some(err.to_string()),
                    Err(_) => Some("it takes too long".to_string()),
                };
                (Instant::now(), failure)
            }
        };
        let failure = found.1.clone();
        *last = Some(found);
        failure.map_or(Ok(()), |failure| Err(Error::Internal(failure)))
    }
}

async fn try_to(db: &DatabaseConnection, now: DateTime<Utc>) -> Result<()> {
    let id = new_id(now);
    let row = leases::ActiveModel {
        id: Set(id),
        name: Set(format!("probe {id}")),
        holder: Set(id),
        expires_at: Set(now.fixed_offset()),
    };
    let txn = transaction::begin(db).await?;
    leases::Entity::insert(row)
        .exec_without_returning(&txn)
        .await?;
    Ok(txn.rollback().await?)
}

//! Would a write succeed at this moment?

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, DatabaseConnection, EntityTrait};
use tokio::{
    sync::Mutex,
    time::{error::Elapsed, timeout},
};

use crate::models::{Error, Result, leases, new_id, transaction};

/// What was found counts for so long, whoever asks.
const COUNTS_FOR: Duration = Duration::from_secs(1);
/// A write that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(2);

/// One try at a time, however many ask.
#[derive(Default)]
pub struct Probe(Mutex<Option<(Instant, Option<String>)>>);

impl Probe {
    /// Write something, and take it back; less than a second after that only ask whether the database is
    /// there.
    ///
    /// # Errors
    /// Why it failed, now or less than a second ago.
    pub async fn write(&self, db: &DatabaseConnection, now: DateTime<Utc>) -> Result<()> {
        let mut last = self.0.lock().await;
        let counts = last.as_ref().filter(|(at, _)| at.elapsed() < COUNTS_FOR);
        let failure = match counts {
            Some((_, Some(failure))) => Some(failure.clone()),
            Some((_, None)) => failure(timeout(LONGEST, ping(db)).await),
            None => {
                let failure = failure(timeout(LONGEST, try_to(db, now)).await);
                *last = Some((Instant::now(), failure.clone()));
                failure
            }
        };
        failure.map_or(Ok(()), |failure| Err(Error::Internal(failure)))
    }
}

fn failure(tried: Result<Result<()>, Elapsed>) -> Option<String> {
    match tried {
        Ok(Ok(())) => None,
        Ok(Err(err)) => Some(err.to_string()),
        Err(_) => Some("it takes too long".to_string()),
    }
}

async fn ping(db: &DatabaseConnection) -> Result<()> {
    Ok(db.ping().await?)
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

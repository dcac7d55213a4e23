//! Would a write succeed at this moment?

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseBackend, DatabaseConnection, EntityTrait, Statement,
};
use tokio::{
    sync::Mutex,
    task::spawn_blocking,
    time::{error::Elapsed, timeout},
};

use crate::models::{Error, Result, leases, new_id, transaction};

/// What was found counts for so long, whoever asks.
const COUNTS_FOR: Duration = Duration::from_secs(1);
/// A write that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(2);

/// More than any request writes.
static ROOM: [u8; 64 * 1024] = [0; 64 * 1024];

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
    txn.rollback().await?;
    if let Some(file) = file(db) {
        let beside = beside(&file);
        let found = spawn_blocking(move || find_room(&beside)).await;
        let found = found.map_err(|err| Error::Internal(err.to_string()))?;
        found.map_err(|err| Error::Internal(format!("there is no room: {err}")))?;
    }
    Ok(())
}

/// What time it is for the database.
pub async fn time(db: &DatabaseConnection) -> Result<DateTime<Utc>> {
    let query = match db.get_database_backend() {
        DatabaseBackend::Postgres => "SELECT now() AS now",
        _ => "SELECT strftime('%Y-%m-%d %H:%M:%f+00:00', 'now') AS now",
    };
    let query = Statement::from_string(db.get_database_backend(), query);
    let row = db.query_one_raw(query).await?;
    let row = row.ok_or_else(|| Error::Internal("the database tells no time".to_string()))?;
    Ok(row.try_get("", "now")?)
}

/// The file of an embedded database.
pub fn file(db: &DatabaseConnection) -> Option<PathBuf> {
    let is_embedded = db.get_database_backend() == DatabaseBackend::Sqlite;
    is_embedded.then(|| {
        let pool = db.get_sqlite_connection_pool();
        pool.connect_options().get_filename().to_path_buf()
    })
}

/// What SQLite takes back never came to the disk, so that alone would not find it full.
fn find_room(file: &Path) -> io::Result<()> {
    let written = fs::write(file, ROOM);
    match fs::remove_file(file) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => written.and(Err(err)),
        _ => written,
    }
}

/// A name of our own, as SQLite makes its `-wal` and `-shm`. One for each process.
fn beside(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(format!("-room-{}", std::process::id()));
    name.into()
}

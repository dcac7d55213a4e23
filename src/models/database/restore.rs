//! The embedded database from a file. The file is looked through in a copy beside the database; only then
//! the pages of the database are replaced, in one transaction, whoever has it open.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{
    OpenFlags,
    backup::{Backup, StepResult},
};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};
use serde::Serialize;

use super::{
    Count,
    backup::{beside, create, remove},
    counts, refused,
};
use crate::models::{
    Error, Means, Result,
    audit_events::{Action, Event, chain, record, sealing},
    one_time_tokens, sessions, transaction,
};

/// Pages that are written before it is told how far it has come.
const PAGES: i32 = 2000;
/// Others may be writing: so often it is tried, and so long it is waited between.
const TRIES: u32 = 300;
const WAIT: Duration = Duration::from_millis(100);

/// A copy of the file, to be looked through and changed; removed in the end.
pub struct Staged {
    path: PathBuf,
    /// Of two that restore at once, one would replace the database by what the other has half copied.
    _lock: File,
}

impl Drop for Staged {
    fn drop(&mut self) {
        remove(&self.path);
        let _ = std::fs::remove_file(beside(&self.path, "lock"));
    }
}

impl Staged {
    /// Copy the file beside the database.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it can't be, or is only a part of a database.
    pub fn of(file: &Path, database: &Path) -> Result<Self> {
        let mut wal = file.as_os_str().to_owned();
        wal.push("-wal");
        if std::fs::metadata(&wal).is_ok_and(|wal| wal.len() > 0) {
            let what = format!(
                "{} is a database in use: a part of it is in the file beside it that ends with -wal. Make a \
                 backup of it with db:backup",
                file.display()
            );
            return Err(refused("from", what));
        }
        let path = beside(database, "restoring");
        let lock = create(&beside(&path, "lock"));
        let lock = lock.map_err(|err| {
            let what = format!("no file can be made beside the database: {err}");
            refused("from", what)
        })?;
        if matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(refused("from", "another restore is under way"));
        }
        let staged = Self { path, _lock: lock };
        // What one that was killed left would be taken for a part of this one.
        remove(&staged.path);
        let copied = File::open(file).and_then(|mut from| {
            let mut to = create(&staged.path)?;
            std::io::copy(&mut from, &mut to)?;
            to.sync_all()
        });
        match copied {
            Ok(()) => Ok(staged),
            Err(err) => {
                let what = format!("{} can't be copied: {err}", file.display());
                Err(refused("from", what))
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What a look through the file found.
#[derive(Debug, Serialize)]
pub struct Found {
    pub tables: Vec<Count>,
    pub audit: chain::Verdict,
}

/// Is everything in it as it should be? It has the tables of this version.
///
/// # Errors
/// [`Error::Invalid`] says what is broken.
pub async fn check(
    staged: &DatabaseConnection,
    signer: &chain::Signer,
    accept_broken_trail: bool,
    progress: impl FnMut(u64),
) -> Result<Found> {
    intact(staged).await?;
    let broken = Statement::from_string(DatabaseBackend::Sqlite, "PRAGMA foreign_key_check");
    if let Some(row) = staged.query_one_raw(broken).await? {
        let table: String = row.try_get_by_index(0)?;
        let what = format!("a row of the table `{table}` refers to a row that is not there");
        return Err(refused("from", what));
    }
    let audit = chain::verify(staged, signer, None, progress).await?;
    if let Some(fault) = audit.fault.as_ref().filter(|_| !accept_broken_trail) {
        let what = format!(
            "its audit trail is broken at {}: {}; accept_broken_trail:true restores it all the same",
            fault.sequence, fault.what
        );
        return Err(refused("from", what));
    }
    let tables = counts(staged).await?;
    Ok(Found { tables, audit })
}

/// Are the pages of this database as SQLite wrote them?
///
/// # Errors
/// [`Error::Invalid`] says what is not.
pub async fn intact(staged: &DatabaseConnection) -> Result<()> {
    let no_database = |err| refused("from", format!("it is no SQLite database: {err}"));
    let check = Statement::from_string(DatabaseBackend::Sqlite, "PRAGMA integrity_check(1)");
    let verdict = staged.query_one_raw(check).await.map_err(no_database)?;
    let verdict: String = verdict.map_or(Ok(String::new()), |row| row.try_get_by_index(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(refused("from", format!("it is damaged: {verdict}")))
}

/// Write down that it was restored; unless they are kept, end what may have ended since the backup was
/// made: all sessions, and the links that were sent.
pub async fn prepare(
    staged: &DatabaseConnection,
    means: Means<'_>,
    file: &Path,
    keep_sessions: bool,
) -> Result<u64> {
    let txn = transaction::begin(staged).await?;
    let mut ended = 0;
    if !keep_sessions {
        ended = sessions::revocation::end_all(&txn, "database_restored", means.now).await?;
        one_time_tokens::void_everybodys(&txn).await?;
    }
    let event = Event::general(Action::DatabaseRestored)
        .with("from", file.display().to_string())
        .with("sessions_ended", ended);
    record(&txn, means, event).await?;
    txn.commit().await?;
    sealing::seal_all(staged).await?;
    Ok(ended)
}

/// Replace the database by what is staged. All of it or, when this fails or is killed, nothing.
/// `progress` is told of pages, of so many.
///
/// # Errors
/// [`Error::Overloaded`] when others write all the time.
pub fn replace(staged: &Path, database: &Path, mut progress: impl FnMut(u64, u64)) -> Result<()> {
    let internal = |err: rusqlite::Error| Error::Internal(err.to_string());
    let from = rusqlite::Connection::open_with_flags(staged, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(internal)?;
    let mut to = rusqlite::Connection::open(database).map_err(internal)?;
    // What counts is on the disk before it is said to be done.
    to.pragma_update(None, "synchronous", "FULL")
        .map_err(internal)?;
    {
        let backup = Backup::new(&from, &mut to).map_err(internal)?;
        let mut tries = 0;
        loop {
            match backup.step(PAGES).map_err(internal)? {
                StepResult::Done => break,
                StepResult::More => {
                    let at = backup.progress();
                    let all = u64::try_from(at.pagecount).unwrap_or_default();
                    let rest = u64::try_from(at.remaining).unwrap_or_default();
                    progress(all.saturating_sub(rest), all);
                }
                _ if tries == TRIES => return Err(Error::Overloaded("others are writing")),
                _ => {
                    tries += 1;
                    std::thread::sleep(WAIT);
                }
            }
        }
    }
    // The log has grown by the whole database. Readers may be in the way; then it shrinks later.
    let shrink = to.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    shrink.or(Ok(()))
}

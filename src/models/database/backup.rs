//! The embedded database into a file, while it is used.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use futures_util::future::{Either, select};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};
use tokio::time::sleep;

use super::refused;
use crate::models::{Error, Result};

/// How often it is told how far it has come.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Write all that is committed at this moment to a new file, which is there once it is whole and on the
/// disk. `progress` is told of bytes, of at most so many; the size in the end.
///
/// # Errors
/// [`Error::Invalid`] when the file is there already.
pub async fn to_file(
    db: &DatabaseConnection,
    file: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<u64> {
    if file.exists() {
        let what = format!("there is a file {} already", file.display());
        return Err(refused("to", what));
    }
    let partial = beside(file, "partial");
    remove(&partial);
    // Empty, so that SQLite takes it, and for its owner alone from the beginning.
    create(&partial).map_err(|err| unwritable(&partial, &err))?;
    let pages = number(db, "PRAGMA page_count").await?;
    let most = pages * number(db, "PRAGMA page_size").await?;

    let vacuum = Statement::from_sql_and_values(
        DatabaseBackend::Sqlite,
        "VACUUM INTO ?",
        [partial.display().to_string().into()],
    );
    let mut vacuum = pin!(db.execute_raw(vacuum));
    let written = loop {
        match select(vacuum, pin!(sleep(TELL_EVERY))).await {
            Either::Left((written, _)) => break written,
            Either::Right(((), pending)) => vacuum = pending,
        }
        progress(
            std::fs::metadata(&partial).map_or(0, |file| file.len()),
            most,
        );
    };
    let finished = match written {
        Ok(_) => finish(&partial, file).map_err(|err| unwritable(file, &err)),
        Err(err) => Err(err.into()),
    };
    if finished.is_err() {
        remove(&partial);
    }
    finished
}

fn finish(partial: &Path, file: &Path) -> std::io::Result<u64> {
    let written = File::open(partial)?;
    written.sync_all()?;
    // Unlike a rename, it replaces nothing that came meanwhile.
    std::fs::hard_link(partial, file)?;
    std::fs::remove_file(partial)?;
    sync_directory(file)?;
    Ok(written.metadata()?.len())
}

/// A name beside a file, so that a rename is all that is needed.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Remove a database that is not whole, with what SQLite keeps beside it.
pub(super) fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // Mostly it is not there; where it can't be removed, what comes next says why.
        let _ = std::fs::remove_file(name);
    }
}

/// An empty file that only its owner can read.
pub(super) fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// What was done in it survives a power cut.
fn sync_directory(file: &Path) -> std::io::Result<()> {
    match file.parent() {
        Some(parent) if parent != Path::new("") => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

async fn number(db: &DatabaseConnection, pragma: &str) -> Result<u64> {
    let row = Statement::from_string(DatabaseBackend::Sqlite, pragma);
    let row = db.query_one_raw(row).await?;
    let number: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(u64::try_from(number).unwrap_or_default())
}

fn unwritable(path: &Path, err: &std::io::Error) -> Error {
    refused("to", format!("{} can't be written: {err}", path.display()))
}

//! A whole database into another one, of either kind. What is read is of one moment, so that the source
//! may be in use; what is written there later is not in the copy.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, QueryOrder, QuerySelect, Statement,
    entity::prelude::*,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Count, Table, counts, each_table, refused, table_name};
use crate::models::{
    _entities::users, Error, Result, bulk, secrets::hex, transaction, users::search::index,
};

/// Rows that are moved at once.
const BATCH: u64 = 2500;

/// A table as it was copied, and as it is read again from the copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copied {
    pub table: &'static str,
    pub rows: u64,
    /// The SHA-256 of all rows, one over the other: the same in both databases.
    pub digest: String,
}

/// Is nothing there yet?
///
/// # Errors
/// [`Error::Invalid`] names a table that has rows.
pub async fn check_empty(to: &impl ConnectionTrait) -> Result<()> {
    match counts(to).await?.into_iter().find(|table| table.rows > 0) {
        None => Ok(()),
        Some(Count { table, rows }) => {
            let what = format!(
                "the target must be empty, and its table `{table}` has {rows} rows; resume:true goes on with a \
                 copy that was stopped"
            );
            Err(refused("to", what))
        }
    }
}

/// Is anybody in there? Asks nothing of the table but that it is there: it may be an older version's.
pub async fn has_accounts(to: &impl ConnectionTrait) -> Result<bool> {
    let any = Statement::from_string(to.get_database_backend(), "SELECT 1 FROM users LIMIT 1");
    Ok(to.query_one_raw(any).await?.is_some())
}

/// Copy what is not there yet, then read the copy and compare. `progress` is told of rows, twice of each:
/// when it is copied and when it is compared.
///
/// # Errors
/// [`Error::Invalid`] when the copy is not the same in the end.
pub async fn copy(
    from: &DatabaseTransaction,
    to: &DatabaseConnection,
    progress: &impl Fn(u64),
) -> Result<Vec<Copied>> {
    let copied = each_table!(transfer(from, to, progress));
    // Many rows at once leave a planner without an idea of them.
    to.execute_unprepared("ANALYZE").await?;
    let to = transaction::snapshot(to).await?;
    let found = each_table!(read(&to, progress));
    to.rollback().await?;
    for (copied, found) in copied.iter().zip(&found) {
        if copied != found {
            let what = format!(
                "the table `{}` has {} rows (digest {}) in the source and {} (digest {}) in the copy: the source \
                 has changed since a first part was copied, or somebody has written to the target. Empty the \
                 target and copy again",
                copied.table, copied.rows, copied.digest, found.rows, found.digest
            );
            return Err(refused("to", what));
        }
    }
    Ok(copied.to_vec())
}

async fn transfer<E: Table>(
    from: &DatabaseTransaction,
    to: &DatabaseConnection,
    progress: &impl Fn(u64),
) -> Result<Copied> {
    let last = E::find().order_by_desc(E::id()).one(to).await?;
    let done = last.as_ref().map(id::<E>);
    let mut digest = Digest::default();
    let mut rows = after::<E>(from, None).await?;
    while let Some(place) = rows.last().map(id::<E>) {
        let count = rows.len() as u64;
        digest.add::<E>(&rows)?;
        rows.retain(|row| done.is_none_or(|done| id::<E>(row) > done));
        let (next, inserted) =
            futures_util::future::join(after::<E>(from, Some(place)), insert::<E>(to, rows)).await;
        inserted?;
        rows = next?;
        progress(count);
    }
    Ok(digest.end::<E>())
}

async fn insert<E: Table>(to: &DatabaseConnection, rows: Vec<E::Model>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let count = rows.len();
    let txn = transaction::begin_large(to).await?;
    let inserted = if table_name::<E>() == table_name::<users::Entity>() {
        let paused = index::pause(&txn).await?;
        let inserted = bulk::insert::<E>(&txn, rows).await?;
        index::fill_up(&txn, paused).await?;
        inserted
    } else {
        bulk::insert::<E>(&txn, rows).await?
    };
    if inserted.len() != count {
        let what = format!(
            "the table `{}` of the target has rows that the source has not",
            table_name::<E>()
        );
        return Err(refused("to", what));
    }
    Ok(txn.commit().await?)
}

async fn read<E: Table>(db: &impl ConnectionTrait, progress: &impl Fn(u64)) -> Result<Copied> {
    let mut digest = Digest::default();
    let mut rows = after::<E>(db, None).await?;
    while let Some(place) = rows.last().map(id::<E>) {
        digest.add::<E>(&rows)?;
        progress(rows.len() as u64);
        rows = after::<E>(db, Some(place)).await?;
    }
    Ok(digest.end::<E>())
}

/// The rows after this one, in the order of the ids, which is the same in both kinds of databases.
async fn after<E: Table>(db: &impl ConnectionTrait, place: Option<Uuid>) -> Result<Vec<E::Model>> {
    let mut query = E::find().order_by_asc(E::id()).limit(BATCH);
    if let Some(place) = place {
        query = query.filter(E::id().gt(place));
    }
    Ok(query.all(db).await?)
}

fn id<E: Table>(row: &E::Model) -> Uuid {
    match row.get(E::id()) {
        Value::Uuid(Some(id)) => id,
        _ => Uuid::nil(),
    }
}

/// Of a table, whatever the order of its rows. No two of them are the same, so none cancel each other out.
#[derive(Default)]
struct Digest {
    rows: u64,
    sum: [u8; 32],
}

impl Digest {
    fn add<E: Table>(&mut self, rows: &[E::Model]) -> Result<()> {
        for row in rows {
            let row = serde_json::to_vec(row).map_err(|err| Error::Internal(err.to_string()))?;
            for (sum, byte) in self.sum.iter_mut().zip(Sha256::digest(&row)) {
                *sum ^= byte;
            }
            self.rows += 1;
        }
        Ok(())
    }

    fn end<E: Table>(self) -> Copied {
        Copied {
            table: table_name::<E>(),
            rows: self.rows,
            digest: hex(&self.sum),
        }
    }
}

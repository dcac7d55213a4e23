//! How transactions begin: those that write, and those that read a great deal.
//!
//! A statement that returns rows (`insert`, `update` of one row) is never run outside of one on
//! SQLite: its commit would come when the statement is reset, where sqlx does not look for an error.
//! On a full disk such a write is answered with its row, and lost.

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr,
    IsolationLevel, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use super::database::pool;

/// On SQLite the write lock is taken at once and waited for. A deferred transaction that reads and
/// then writes fails with SQLITE_BUSY_SNAPSHOT when another one wrote meanwhile, and no waiting
/// helps. PostgreSQL ignores the mode.
pub async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    pool::begin(db.begin_with_options(TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    }))
    .await
}

/// The same for thousands of rows, one such transaction after the other. On SQLite its connection keeps
/// more pages, and what was written goes to the file less often: most pages are written several times.
/// On PostgreSQL its commit does not wait for the disk; one that comes later and does takes it along.
pub async fn begin_large(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let txn = begin(db).await?;
    txn.execute_unprepared(match txn.get_database_backend() {
        DatabaseBackend::Postgres => "SET LOCAL synchronous_commit = off",
        _ => "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 16384",
    })
    .await?;
    Ok(txn)
}

/// Everything that is read in it is of one moment. Nobody waits for it, and it waits for nobody.
pub async fn snapshot(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let is_postgres = db.get_database_backend() == DatabaseBackend::Postgres;
    pool::begin(db.begin_with_options(TransactionOptions {
        isolation_level: is_postgres.then_some(IsolationLevel::RepeatableRead),
        access_mode: is_postgres.then_some(AccessMode::ReadOnly),
        sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
    }))
    .await
}

/// What only one transaction at a time may decide. Any numbers do; they are the same for all nodes.
#[derive(Clone, Copy)]
#[repr(i64)]
pub enum Exclusive {
    AuditChain = 0x0061_7564_6974_6c6b,
    LastAdmin = 0x006c_6173_7461_646d,
}

/// Wait until nobody else decides this, until the transaction ends; before any row is locked, so that
/// no two wait for each other. On SQLite every transaction that writes is alone already.
pub async fn alone(txn: &impl ConnectionTrait, what: Exclusive) -> Result<(), DbErr> {
    if txn.get_database_backend() == DatabaseBackend::Postgres {
        let lock = Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            "SELECT pg_advisory_xact_lock($1)",
            [(what as i64).into()],
        );
        txn.execute_raw(lock).await?;
    }
    Ok(())
}

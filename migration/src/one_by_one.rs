//! Each migration in a transaction of its own that holds the only lock there is, on both databases: of
//! processes that start together one migrates and the others find it done, and one that is killed leaves
//! the migration undone instead of half done.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{
        DatabaseBackend, DatabaseTransaction, SqliteTransactionMode, Statement, TransactionOptions,
        TransactionTrait,
    },
};

use crate::Migrator;

/// Any number does; it must be the same for all processes.
const LOCK: i64 = 0x0072_6F6C_6C63_616C;

#[derive(Clone, Copy)]
pub enum Direction {
    Up,
    Down,
}

/// The migrations, without the lock.
struct Unlocked;

#[async_trait::async_trait]
impl MigratorTrait for Unlocked {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Migrator::migrations()
    }
}

pub async fn migrate(
    db: &SchemaManagerConnection<'_>,
    steps: Option<u32>,
    direction: Direction,
) -> Result<(), DbErr> {
    let mut left = steps;
    while left != Some(0) && !is_done(db, direction).await? {
        let txn = alone(db).await?;
        // Another process may have been here since.
        if is_done(&txn, direction).await? {
            break;
        }
        match direction {
            Direction::Up => Unlocked::up(&txn, Some(1)).await?,
            Direction::Down => Unlocked::down(&txn, Some(1)).await?,
        }
        txn.commit().await?;
        left = left.map(|left| left - 1);
    }
    Ok(())
}

async fn is_done(db: &impl ConnectionTrait, direction: Direction) -> Result<bool, DbErr> {
    let to_do = match direction {
        Direction::Up => Unlocked::get_pending_migrations_read_only(db).await?,
        Direction::Down => Unlocked::get_applied_migrations_read_only(db).await?,
    };
    Ok(to_do.is_empty())
}

/// A transaction that nobody else migrates beside, however long it has to be waited for.
async fn alone(db: &SchemaManagerConnection<'_>) -> Result<DatabaseTransaction, DbErr> {
    let options = || TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Exclusive),
        ..Default::default()
    };
    let txn = loop {
        match db.begin_with_options(options()).await {
            // SQLite has waited for `busy_timeout` already.
            Err(err) if err.to_string().contains("database is locked") => {
                tracing::info!("waiting for another process that writes to the database");
            }
            begun => break begun?,
        }
    };
    if txn.get_database_backend() == DatabaseBackend::Postgres {
        let lock = Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            "SELECT pg_advisory_xact_lock($1)",
            [LOCK.into()],
        );
        txn.execute_raw(lock).await?;
    }
    Ok(txn)
}

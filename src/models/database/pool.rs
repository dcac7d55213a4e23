//! The connection pool: ours, because the framework's leaves SQLite able to lose writes that were
//! acknowledged, sets its PRAGMAs on one connection only, and waits half a second for a connection.

use std::time::Duration;

use loco_rs::config::Database as Config;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr};
use sqlx::{
    Connection, PgConnection,
    sqlite::{SqliteJournalMode, SqliteSynchronous},
};

/// A writer waits so long for another one. Beyond it the database counts as out of order.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that rested longer is asked whether it still lives before it is used.
const TEST_AFTER: Duration = Duration::from_secs(1);

/// Of nodes that start together on PostgreSQL one migrates and the others wait, as long as the returned
/// connection lives. Any number does; it must be the same for all nodes.
const MIGRATION_LOCK: i64 = 0x0072_6F6C_6C63_616C;

pub async fn lock_migrations(config: &Config) -> Result<Option<PgConnection>, DbErr> {
    if !config.auto_migrate || config.uri.starts_with("sqlite:") {
        return Ok(None);
    }
    let failed = |err: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(err.into()));
    let mut connection = PgConnection::connect(&config.uri).await.map_err(failed)?;
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATION_LOCK);
    lock.execute(&mut connection).await.map_err(failed)?;
    Ok(Some(connection))
}

/// A pool for this configuration; both databases, by the URI.
pub async fn connect(config: &Config) -> Result<DatabaseConnection, DbErr> {
    let acquire_timeout = config.acquire_timeout.unwrap_or(config.connect_timeout);
    let mut options = ConnectOptions::new(&config.uri);
    options
        .max_connections(config.max_connections)
        .min_connections(config.min_connections)
        .acquire_timeout(Duration::from_millis(acquire_timeout))
        .connect_timeout(Duration::from_millis(config.connect_timeout))
        .idle_timeout(Duration::from_millis(config.idle_timeout))
        .test_before_acquire_if_idle_for(TEST_AFTER)
        .sqlx_logging(config.enable_logging)
        .set_application_name("rollcall")
        .map_sqlx_sqlite_opts(|options| {
            // FULL: what is acknowledged survives a power cut, also in WAL mode.
            options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(SQLITE_BUSY_TIMEOUT)
                .pragma("temp_store", "memory")
                // Rows that a long list reads ahead: with few of them two threads wake each other for each.
                .row_buffer_size(1000)
                .optimize_on_close(true, None)
        })
        .map_sqlx_sqlite_pool_opts(|pool| {
            // When the disk is full SQLite rolls back by itself, and sqlx may take the connection for
            // one inside a transaction that nobody will commit. Such a connection is not used again.
            pool.after_release(|connection, _| {
                Box::pin(async move { Ok(!sqlx::Connection::is_in_transaction(connection)) })
            })
        });
    Database::connect(options).await
}

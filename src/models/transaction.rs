//! How a transaction that writes begins.
//!
//! A statement that returns rows (`insert`, `update` of one row) is never run outside of one on
//! SQLite: its commit would come when the statement is reset, where sqlx does not look for an error.
//! On a full disk such a write is answered with its row, and lost.

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

/// On SQLite the write lock is taken at once and waited for. A deferred transaction that reads and
/// then writes fails with SQLITE_BUSY_SNAPSHOT when another one wrote meanwhile, and no waiting
/// helps. PostgreSQL ignores the mode.
pub async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    db.begin_with_options(TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    })
    .await
}

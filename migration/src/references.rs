//! Columns that refer to a row of another table, for tables that are there already.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseBackend},
};

/// Add such a column, with an index. It may be null, as it is in the rows that are there; when what it refers to is
/// gone it is null again. The framework's `add_reference` makes a number, and on SQLite no key.
///
/// # Errors
/// Those of the database.
pub async fn refer(
    m: &SchemaManager<'_>,
    table: &str,
    column: &str,
    target: &str,
) -> Result<(), DbErr> {
    let kind = match m.get_database_backend() {
        DatabaseBackend::Postgres => "uuid",
        // How SQLite's entities are told that it is one.
        _ => "uuid_text",
    };
    let db = m.get_connection();
    db.execute_unprepared(&format!(
        "ALTER TABLE {table} ADD COLUMN {column} {kind} REFERENCES {target} (id) ON UPDATE NO ACTION ON DELETE SET NULL"
    ))
    .await?;
    db.execute_unprepared(&format!(
        "CREATE INDEX {table}_{column}_idx ON {table} ({column}, id)"
    ))
    .await?;
    Ok(())
}

/// Take it away again.
///
/// # Errors
/// Those of the database.
pub async fn forget(m: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    let db = m.get_connection();
    db.execute_unprepared(&format!("DROP INDEX {table}_{column}_idx"))
        .await?;
    db.execute_unprepared(&format!("ALTER TABLE {table} DROP COLUMN {column}"))
        .await?;
    Ok(())
}

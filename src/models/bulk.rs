//! Very many rows of one table at once.

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait, IntoActiveModel,
    QueryTrait, Statement,
};
use serde::Serialize;
use uuid::Uuid;

use super::{Error, Result};

/// Rows in a statement of SQLite, which keeps each page that the statement changes as it was, in memory.
const AT_ONCE: usize = 200;

/// Insert these rows but for those whose id or other unique value is there already; the ids of those
/// that were inserted.
pub async fn insert<E>(txn: &impl ConnectionTrait, rows: Vec<E::Model>) -> Result<Vec<Uuid>>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Serialize,
    E::ActiveModel: Send,
{
    let backend = txn.get_database_backend();
    let mut inserted = Vec::with_capacity(rows.len());
    if backend == DatabaseBackend::Postgres {
        // One parameter instead of one for each value.
        let table = E::default().table_name().to_string();
        let sql = format!(
            "INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, $1::json) \
             ON CONFLICT DO NOTHING RETURNING id"
        );
        let json = serde_json::to_string(&rows).map_err(|err| Error::Internal(err.to_string()))?;
        let statement = Statement::from_sql_and_values(backend, sql, [json.into()]);
        ids(txn, statement, &mut inserted).await?;
        return Ok(inserted);
    }
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk = rows
            .by_ref()
            .take(AT_ONCE)
            .map(|row| row.into_active_model().reset_all());
        let insert = E::insert_many(chunk).build(backend);
        let sql = format!("{} ON CONFLICT DO NOTHING RETURNING id", insert.sql);
        let values = insert.values.map(|values| values.0).unwrap_or_default();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        ids(txn, statement, &mut inserted).await?;
    }
    Ok(inserted)
}

async fn ids(
    txn: &impl ConnectionTrait,
    statement: Statement,
    inserted: &mut Vec<Uuid>,
) -> std::result::Result<(), DbErr> {
    for row in txn.query_all_raw(statement).await? {
        inserted.push(row.try_get("", "id")?);
    }
    Ok(())
}

//! Reading very many events in the order of the chain.

use sea_orm::{
    Condition, ConnectionTrait, DatabaseBackend, QueryOrder, QuerySelect, Statement,
    entity::prelude::*,
};
use serde::Deserialize;

use super::super::{Column, Entity, Model};
use crate::models::{Error, Result};

/// Events that are read at once.
const BATCH: u64 = 2000;

/// SQLite hands rows from its thread to ours one by one, column by column; a batch in one text takes half
/// the time.
const IN_ONE_TEXT: &str = "\
    SELECT json_group_array(json_array( \
        hex(id), sequence, occurred_at, action, outcome, actor_kind, nullif(hex(actor_id), ''), \
        nullif(hex(subject_id), ''), nullif(hex(session_id), ''), request_id, details, ip_address, ip_salt, \
        ip_digest, hash) ORDER BY sequence, id) AS events \
    FROM (SELECT * FROM audit_events WHERE sequence >= ?1 AND (sequence > ?1 OR id > ?2) \
        ORDER BY sequence, id LIMIT ?3)";

/// An event in that text.
#[derive(Deserialize)]
struct Columns(
    Uuid,
    Option<i64>,
    DateTimeWithTimeZone,
    String,
    String,
    String,
    Option<Uuid>,
    Option<Uuid>,
    Option<Uuid>,
    Option<String>,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

impl From<Columns> for Model {
    fn from(columns: Columns) -> Self {
        Self {
            id: columns.0,
            sequence: columns.1,
            occurred_at: columns.2,
            action: columns.3,
            outcome: columns.4,
            actor_kind: columns.5,
            actor_id: columns.6,
            subject_id: columns.7,
            session_id: columns.8,
            request_id: columns.9,
            details: columns.10,
            ip_address: columns.11,
            ip_salt: columns.12,
            ip_digest: columns.13,
            hash: columns.14,
        }
    }
}

/// The events after a place of the chain. Should somebody have made two with one number, both come.
pub async fn after(db: &impl ConnectionTrait, (sequence, id): (i64, Uuid)) -> Result<Vec<Model>> {
    if db.get_database_backend() == DatabaseBackend::Sqlite {
        let values = [sequence.into(), id.into(), BATCH.into()];
        let batch = Statement::from_sql_and_values(DatabaseBackend::Sqlite, IN_ONE_TEXT, values);
        let row = db.query_one_raw(batch).await?;
        let events: String = row.map_or(Ok("[]".to_string()), |row| row.try_get("", "events"))?;
        let events: Vec<Columns> =
            serde_json::from_str(&events).map_err(|err| Error::Internal(err.to_string()))?;
        return Ok(events.into_iter().map(Into::into).collect());
    }
    let further = Condition::any()
        .add(Column::Sequence.gt(sequence))
        .add(Column::Id.gt(id));
    let events = Entity::find()
        .filter(Column::Sequence.gte(sequence))
        .filter(further)
        .order_by_asc(Column::Sequence)
        .order_by_asc(Column::Id)
        .limit(BATCH);
    Ok(events.all(db).await?)
}

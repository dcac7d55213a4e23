use loco_rs::schema::{ColType, create_table_without_timestamps, drop_table};
use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseBackend},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const EVENTS: [(&str, ColType); 15] = [
    ("id", ColType::PkUuid),
    // Null until the row has its place in the chain, and then never again.
    ("sequence", ColType::BigIntegerNull),
    ("occurred_at", ColType::TimestampWithTimeZone),
    ("action", ColType::Text),
    ("outcome", ColType::Text),
    ("actor_kind", ColType::Text),
    ("actor_id", ColType::UuidNull),
    ("subject_id", ColType::UuidNull),
    ("session_id", ColType::UuidNull),
    ("request_id", ColType::TextNull),
    ("details", ColType::Text),
    // Erased with its user; what remains is a digest that says nothing without the salt.
    ("ip_address", ColType::TextNull),
    ("ip_salt", ColType::TextNull),
    ("ip_digest", ColType::TextNull),
    ("hash", ColType::TextNull),
];

const ANCHORS: [(&str, ColType); 5] = [
    ("id", ColType::PkUuid),
    ("sequence", ColType::BigInteger),
    ("hash", ColType::Text),
    ("signature", ColType::Text),
    ("created_at", ColType::TimestampWithTimeZone),
];

const INDEXES: [&str; 6] = [
    "CREATE UNIQUE INDEX audit_events_sequence_key ON audit_events (sequence)",
    "CREATE INDEX audit_events_unsealed_idx ON audit_events (id) WHERE sequence IS NULL",
    "CREATE INDEX audit_events_actor_id_idx ON audit_events (actor_id, id)",
    "CREATE INDEX audit_events_subject_id_idx ON audit_events (subject_id, id)",
    "CREATE INDEX audit_events_action_idx ON audit_events (action, id)",
    "CREATE UNIQUE INDEX audit_anchors_sequence_key ON audit_anchors (sequence)",
];

/// Columns that never change. A row is sealed once (`sequence`, `hash`), and its address is erased.
const FIXED: [&str; 11] = [
    "id",
    "occurred_at",
    "action",
    "outcome",
    "actor_kind",
    "actor_id",
    "subject_id",
    "session_id",
    "request_id",
    "details",
    "ip_digest",
];

/// Is this change of a row neither its sealing nor an erasure?
fn is_forgery(differs: &str) -> String {
    let fixed = FIXED.map(|column| format!("NEW.{column} {differs} OLD.{column}"));
    let sealed = ["sequence", "hash"].map(|column| {
        format!("(OLD.sequence IS NOT NULL AND NEW.{column} {differs} OLD.{column})")
    });
    let erased = ["ip_address", "ip_salt"].map(|column| {
        format!("(NEW.{column} IS NOT NULL AND NEW.{column} {differs} OLD.{column})")
    });
    [&fixed[..], &sealed, &erased].concat().join(" OR ")
}

/// Rows go only up to an anchor, whose signature `audit:verify` looks at.
const IS_KEPT: &str =
    "NOT EXISTS (SELECT 1 FROM audit_anchors WHERE audit_anchors.sequence >= OLD.sequence)";

const REFUSAL: &str = "audit_events is append-only";

fn postgres() -> String {
    let forgery = is_forgery("IS DISTINCT FROM");
    format!(
        r"
CREATE OR REPLACE FUNCTION rollcall_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_events' THEN
        IF NOT ({forgery}) THEN RETURN NEW; END IF;
    ELSIF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_events' THEN
        IF NOT ({IS_KEPT}) THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION '{REFUSAL}';
END
$$;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION rollcall_audit_is_append_only();
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
    EXECUTE FUNCTION rollcall_audit_is_append_only();
CREATE TRIGGER audit_anchors_append_only BEFORE UPDATE OR DELETE ON audit_anchors
    FOR EACH ROW EXECUTE FUNCTION rollcall_audit_is_append_only();
CREATE TRIGGER audit_anchors_no_truncate BEFORE TRUNCATE ON audit_anchors
    EXECUTE FUNCTION rollcall_audit_is_append_only();
"
    )
}

fn sqlite() -> String {
    let forgery = is_forgery("IS NOT");
    format!(
        r"
CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events WHEN {forgery}
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events WHEN {IS_KEPT}
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END;
CREATE TRIGGER audit_anchors_no_update BEFORE UPDATE ON audit_anchors
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END;
CREATE TRIGGER audit_anchors_no_delete BEFORE DELETE ON audit_anchors
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END;
"
    )
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create_table_without_timestamps(m, "audit_events", &EVENTS, &[]).await?;
        create_table_without_timestamps(m, "audit_anchors", &ANCHORS, &[]).await?;
        let db = m.get_connection();
        for index in INDEXES {
            db.execute_unprepared(index).await?;
        }
        let triggers = match m.get_database_backend() {
            DatabaseBackend::Postgres => postgres(),
            _ => sqlite(),
        };
        db.execute_unprepared(&triggers).await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_table(m, "audit_anchors").await?;
        drop_table(m, "audit_events").await?;
        if m.get_database_backend() == DatabaseBackend::Postgres {
            m.get_connection()
                .execute_unprepared("DROP FUNCTION rollcall_audit_is_append_only() CASCADE")
                .await?;
        }
        Ok(())
    }
}

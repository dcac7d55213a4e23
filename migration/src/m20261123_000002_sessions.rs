use loco_rs::schema::{ColType, create_table_without_timestamps, drop_table};
use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseBackend},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Other nodes keep authentication state in memory; they forget an account's when any of this
/// happens to it, whoever wrote it. The payload is the account's id, or `*` for all.
const NOTIFY: &str = r"
CREATE FUNCTION rollcall_authentication_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('rollcall_authentication', '*');
    ELSIF TG_TABLE_NAME = 'users' THEN
        PERFORM pg_notify('rollcall_authentication', OLD.id::text);
    ELSE
        PERFORM pg_notify('rollcall_authentication', OLD.user_id::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_authentication_changed AFTER UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION rollcall_authentication_changed();
CREATE TRIGGER users_truncated AFTER TRUNCATE ON users
    EXECUTE FUNCTION rollcall_authentication_changed();
-- Not for last_seen_at and idle_expires_at alone, which move all the time.
CREATE TRIGGER sessions_authentication_changed
    AFTER UPDATE OF user_id, expires_at, authenticated_at, revoked_at OR DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION rollcall_authentication_changed();
CREATE TRIGGER sessions_truncated AFTER TRUNCATE ON sessions
    EXECUTE FUNCTION rollcall_authentication_changed();
";

const FORGET: &str = r"
DROP TRIGGER users_truncated ON users;
DROP TRIGGER users_authentication_changed ON users;
DROP FUNCTION rollcall_authentication_changed() CASCADE;
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create_table_without_timestamps(
            m,
            "sessions",
            &[
                ("id", ColType::PkUuid),
                ("user_id", ColType::Uuid),
                ("created_at", ColType::TimestampWithTimeZone),
                ("last_seen_at", ColType::TimestampWithTimeZone),
                ("idle_expires_at", ColType::TimestampWithTimeZone),
                ("expires_at", ColType::TimestampWithTimeZone),
                ("authenticated_at", ColType::TimestampWithTimeZone),
                ("authentication_method", ColType::Text),
                ("ip_address", ColType::TextNull),
                ("user_agent", ColType::TextNull),
                ("refresh_digest", ColType::Text),
                ("previous_digest", ColType::TextNull),
                ("rotated_at", ColType::TimestampWithTimeZoneNull),
                ("revoked_at", ColType::TimestampWithTimeZoneNull),
                ("revoked_reason", ColType::TextNull),
            ],
            &[("users", "user_id")],
        )
        .await?;
        let db = m.get_connection();
        db.execute_unprepared("CREATE INDEX sessions_user_id_idx ON sessions (user_id, id)")
            .await?;
        db.execute_unprepared("CREATE INDEX sessions_expires_at_idx ON sessions (expires_at)")
            .await?;
        if m.get_database_backend() == DatabaseBackend::Postgres {
            db.execute_unprepared(NOTIFY).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        if m.get_database_backend() == DatabaseBackend::Postgres {
            m.get_connection().execute_unprepared(FORGET).await?;
        }
        drop_table(m, "sessions").await
    }
}

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseBackend},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Users {
    Table,
    LastLoginAt,
    SuspendedUntil,
    SuspensionReason,
    SearchText,
}

/// For lists in any order, each with a place to go on from.
const INDEXES: [(&str, &str); 7] = [
    (
        "users_suspended_until_idx",
        "(suspended_until) WHERE suspended_until IS NOT NULL",
    ),
    (
        "users_deleted_at_idx",
        "(deleted_at) WHERE deleted_at IS NOT NULL",
    ),
    (
        "users_suspended_idx",
        "(id) WHERE NOT is_active AND deleted_at IS NULL",
    ),
    (
        "users_unverified_idx",
        "(id) WHERE email_verified_at IS NULL AND deleted_at IS NULL",
    ),
    ("users_by_username_idx", "(username_canonical, id)"),
    ("users_by_email_idx", "(email_canonical, id)"),
    ("users_by_last_login_idx", "(LAST_LOGIN, id)"),
];

/// Never comes before everything else. Said in the same words by `models::users::search`.
const LAST_LOGIN_POSTGRES: &str =
    "(coalesce(last_login_at, '1970-01-01 00:00:00+00'::timestamptz))";
const LAST_LOGIN_SQLITE: &str = "coalesce(last_login_at, '1970-01-01T00:00:00+00:00')";

/// Substrings by their trigrams, where the server has the extension (it belongs to PostgreSQL and may
/// be made by a database's owner); elsewhere they are looked for in the order of the list.
const SEARCH_POSTGRES: &str = r"
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'pg_trgm is not available: searching users is slower without it';
END
$$;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        CREATE INDEX users_search_text_idx ON users USING gin (search_text gin_trgm_ops);
    END IF;
END
$$;
";

/// The same by FTS5. Its rows have numbers of their own: those of `users` change when the file is
/// compacted.
const SEARCH_SQLITE: &str = r"
CREATE TABLE users_search (number INTEGER PRIMARY KEY, user_id BLOB NOT NULL UNIQUE);
CREATE VIRTUAL TABLE users_search_text USING fts5 (
    text, content='', contentless_delete=1, tokenize='trigram'
);
INSERT INTO users_search (user_id) SELECT id FROM users;
INSERT INTO users_search_text (rowid, text)
    SELECT s.number, u.search_text FROM users_search s JOIN users u ON u.id = s.user_id;
CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN
    INSERT INTO users_search (user_id) VALUES (NEW.id);
    INSERT INTO users_search_text (rowid, text)
        SELECT number, NEW.search_text FROM users_search WHERE user_id = NEW.id;
END;
CREATE TRIGGER users_search_update AFTER UPDATE OF search_text ON users WHEN NEW.search_text <> OLD.search_text BEGIN
    DELETE FROM users_search_text WHERE rowid = (SELECT number FROM users_search WHERE user_id = OLD.id);
    INSERT INTO users_search_text (rowid, text)
        SELECT number, NEW.search_text FROM users_search WHERE user_id = NEW.id;
END;
CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN
    DELETE FROM users_search_text WHERE rowid = (SELECT number FROM users_search WHERE user_id = OLD.id);
    DELETE FROM users_search WHERE user_id = OLD.id;
END;
";

const FORGET_SEARCH_SQLITE: &str = r"
DROP TRIGGER users_search_insert;
DROP TRIGGER users_search_update;
DROP TRIGGER users_search_delete;
DROP TABLE users_search_text;
DROP TABLE users_search;
";

/// A login changes `last_login_at` and nothing that other nodes keep in memory.
const NOTIFY_LESS: &str = r"
DROP TRIGGER users_authentication_changed ON users;
CREATE TRIGGER users_authentication_changed
    AFTER UPDATE OF id, username, email, first_name, last_name, phone_number, role, is_active, hashed_password,
        created_at, updated_at, deleted_at, username_canonical, email_canonical, email_verified_at, locale,
        suspended_until, suspension_reason, search_text OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION rollcall_authentication_changed();
";

const NOTIFY_ALL: &str = r"
DROP TRIGGER users_authentication_changed ON users;
CREATE TRIGGER users_authentication_changed AFTER UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION rollcall_authentication_changed();
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let mut last_login = ColumnDef::new(Users::LastLoginAt);
        let mut until = ColumnDef::new(Users::SuspendedUntil);
        let mut reason = ColumnDef::new(Users::SuspensionReason);
        let mut search_text = ColumnDef::new(Users::SearchText);
        for column in [
            last_login.timestamp_with_time_zone().null(),
            until.timestamp_with_time_zone().null(),
            reason.text().null(),
            search_text.text().not_null().default(""),
        ] {
            let mut table = Table::alter();
            m.alter_table(table.table(Users::Table).add_column(column).to_owned())
                .await?;
        }
        let db = m.get_connection();
        // Where there are sessions still, they tell of the last login.
        db.execute_unprepared(
            "UPDATE users SET last_login_at = (SELECT max(created_at) FROM sessions WHERE sessions.user_id = users.id)",
        )
        .await?;
        // The application folds case by Unicode's rules, which the databases do not know; what is there
        // already is found by its ASCII letters until it is written again.
        db.execute_unprepared(
            "UPDATE users SET search_text = username_canonical || ' ' || email_canonical || ' ' || \
             lower(coalesce(first_name, '') || ' ' || coalesce(last_name, ''))",
        )
        .await?;
        let postgres = m.get_database_backend() == DatabaseBackend::Postgres;
        let last_login = if postgres {
            LAST_LOGIN_POSTGRES
        } else {
            LAST_LOGIN_SQLITE
        };
        for (name, columns) in INDEXES {
            let columns = columns.replace("LAST_LOGIN", last_login);
            db.execute_unprepared(&format!("CREATE INDEX {name} ON users {columns}"))
                .await?;
        }
        if postgres {
            db.execute_unprepared(NOTIFY_LESS).await?;
            db.execute_unprepared(SEARCH_POSTGRES).await?;
        } else {
            db.execute_unprepared(SEARCH_SQLITE).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let db = m.get_connection();
        if m.get_database_backend() == DatabaseBackend::Postgres {
            db.execute_unprepared(NOTIFY_ALL).await?;
            db.execute_unprepared("DROP INDEX IF EXISTS users_search_text_idx")
                .await?;
        } else {
            db.execute_unprepared(FORGET_SEARCH_SQLITE).await?;
        }
        for (index, _) in INDEXES {
            db.execute_unprepared(&format!("DROP INDEX {index}"))
                .await?;
        }
        for column in [
            Users::SearchText,
            Users::SuspensionReason,
            Users::SuspendedUntil,
            Users::LastLoginAt,
        ] {
            let mut table = Table::alter();
            m.alter_table(table.table(Users::Table).drop_column(column).to_owned())
                .await?;
        }
        Ok(())
    }
}

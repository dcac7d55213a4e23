use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseBackend},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// By the order of the ids, which accounts from elsewhere break; and such as the unique indexes of the
/// living do as well.
const OUTDATED: [(&str, &str); 4] = [
    ("users_by_username_idx", "(username_canonical, id)"),
    ("users_by_email_idx", "(email_canonical, id)"),
    (
        "users_suspended_idx",
        "(id) WHERE NOT is_active AND deleted_at IS NULL",
    ),
    (
        "users_unverified_idx",
        "(id) WHERE email_verified_at IS NULL AND deleted_at IS NULL",
    ),
];

/// The rarer statuses in each order of a list: with an index of the status alone they would be sorted
/// anew for each page, with one of the order alone nearly all accounts would be looked at.
const STATUSES: [(&str, &str); 3] = [
    ("suspended", "NOT is_active AND deleted_at IS NULL"),
    (
        "unverified",
        "email_verified_at IS NULL AND deleted_at IS NULL",
    ),
    ("deleted", "deleted_at IS NOT NULL"),
];

/// In the words of `m20261123_000009_lifecycle` and of `models::users::search`.
const LAST_LOGIN_POSTGRES: &str =
    "(coalesce(last_login_at, '1970-01-01 00:00:00+00'::timestamptz))";
const LAST_LOGIN_SQLITE: &str = "coalesce(last_login_at, '1970-01-01T00:00:00+00:00')";

/// Two blanks stand before each word, so that its first letter and its first two are trigrams too, as
/// `pg_trgm` has them by itself. FTS5 writes what it has gathered at each statement of a trigger: while
/// `users_search_paused` has a row, which never outlives its transaction, many accounts come in without.
const WORDS_SQLITE: &str = r"
CREATE TABLE users_search_paused (id INTEGER PRIMARY KEY);
DROP TRIGGER users_search_insert;
DROP TRIGGER users_search_update;
DROP TABLE users_search_text;
CREATE VIRTUAL TABLE users_search_text USING fts5 (
    text, content='', contentless_delete=1, tokenize='trigram'
);
INSERT INTO users_search_text (rowid, text)
    SELECT s.number, '  ' || replace(u.search_text, ' ', '  ')
    FROM users_search s JOIN users u ON u.id = s.user_id;
CREATE TRIGGER users_search_insert AFTER INSERT ON users WHEN NOT EXISTS (SELECT 1 FROM users_search_paused) BEGIN
    INSERT INTO users_search (user_id) VALUES (NEW.id);
    INSERT INTO users_search_text (rowid, text)
        SELECT number, '  ' || replace(NEW.search_text, ' ', '  ') FROM users_search WHERE user_id = NEW.id;
END;
CREATE TRIGGER users_search_update AFTER UPDATE OF search_text ON users WHEN NEW.search_text <> OLD.search_text BEGIN
    DELETE FROM users_search_text WHERE rowid = (SELECT number FROM users_search WHERE user_id = OLD.id);
    INSERT INTO users_search_text (rowid, text)
        SELECT number, '  ' || replace(NEW.search_text, ' ', '  ') FROM users_search WHERE user_id = NEW.id;
END;
";

const LETTERS_SQLITE: &str = r"
DROP TRIGGER users_search_insert;
DROP TRIGGER users_search_update;
DROP TABLE users_search_text;
DROP TABLE users_search_paused;
CREATE VIRTUAL TABLE users_search_text USING fts5 (
    text, content='', contentless_delete=1, tokenize='trigram'
);
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
";

fn indexes(backend: DatabaseBackend) -> Vec<(String, String)> {
    let last_login = match backend {
        DatabaseBackend::Postgres => LAST_LOGIN_POSTGRES,
        _ => LAST_LOGIN_SQLITE,
    };
    let orders = [
        ("created", "created_at"),
        ("username", "username_canonical"),
        ("email", "email_canonical"),
        ("last_login", last_login),
    ];
    let mut indexes = vec![(
        "users_by_created_idx".to_string(),
        "(created_at, id)".to_string(),
    )];
    for (status, condition) in STATUSES {
        for (order, key) in orders {
            indexes.push((
                format!("users_{status}_by_{order}_idx"),
                format!("({key}, id) WHERE {condition}"),
            ));
        }
    }
    indexes
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let db = m.get_connection();
        for (name, _) in OUTDATED {
            db.execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        for (name, columns) in indexes(m.get_database_backend()) {
            db.execute_unprepared(&format!("CREATE INDEX {name} ON users {columns}"))
                .await?;
        }
        if m.get_database_backend() == DatabaseBackend::Sqlite {
            db.execute_unprepared(WORDS_SQLITE).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let db = m.get_connection();
        if m.get_database_backend() == DatabaseBackend::Sqlite {
            db.execute_unprepared(LETTERS_SQLITE).await?;
        }
        for (index, _) in indexes(m.get_database_backend()) {
            db.execute_unprepared(&format!("DROP INDEX {index}"))
                .await?;
        }
        for (name, columns) in OUTDATED {
            db.execute_unprepared(&format!("CREATE INDEX {name} ON users {columns}"))
                .await?;
        }
        Ok(())
    }
}

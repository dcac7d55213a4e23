//! Keeping the index of free text.

use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr};

use super::super::{ActiveModel, Model, identifiers};

/// All names in one canonical form.
fn text(username: &str, email: &str, names: [Option<&str>; 2]) -> String {
    let names = names.into_iter().flatten().map(identifiers::canonical);
    let parts: Vec<String> = [username.to_string(), email.to_string()]
        .into_iter()
        .chain(names)
        .collect();
    parts.join(" ")
}

impl ActiveModel {
    /// Keep `search_text` with what it is made of.
    pub(in crate::models::users) fn index_for_search(&mut self) {
        fn set<V: Into<sea_orm::Value> + Clone>(value: &sea_orm::ActiveValue<V>) -> Option<&V> {
            value.try_as_ref()
        }
        let (Some(username), Some(email)) =
            (set(&self.username_canonical), set(&self.email_canonical))
        else {
            return;
        };
        let names = [set(&self.first_name), set(&self.last_name)];
        let names = names.map(|name| name.and_then(Option::as_deref));
        let text = text(username, email, names);
        self.search_text.set_if_not_equals(text);
    }
}

impl Model {
    pub(in crate::models::users) fn text_for_search(&self) -> String {
        let names = [self.first_name.as_deref(), self.last_name.as_deref()];
        text(&self.username_canonical, &self.email_canonical, names)
    }
}

/// How far the accounts went when the index was paused.
#[must_use = "an index that is paused is filled up in the same transaction"]
pub struct Paused(Option<i64>);

/// From here on new accounts come in without: on SQLite, filling the index row by row takes most of the
/// time of very many. `PostgreSQL` gathers them by itself.
pub async fn pause(txn: &impl ConnectionTrait) -> Result<Paused, DbErr> {
    if txn.get_database_backend() != DatabaseBackend::Sqlite {
        return Ok(Paused(None));
    }
    txn.execute_unprepared("INSERT INTO users_search_paused (id) VALUES (1)")
        .await?;
    let last = sea_orm::Statement::from_string(
        DatabaseBackend::Sqlite,
        "SELECT coalesce(max(rowid), 0) AS last FROM users",
    );
    let last = txn.query_one_raw(last).await?;
    let last = last.map_or(Ok(0), |row| row.try_get("", "last"))?;
    Ok(Paused(Some(last)))
}

/// Fill in those that came since.
pub async fn fill_up(txn: &impl ConnectionTrait, paused: Paused) -> Result<(), DbErr> {
    let Some(last) = paused.0 else {
        return Ok(());
    };
    for sql in [
        format!("INSERT INTO users_search (user_id) SELECT id FROM users WHERE rowid > {last}"),
        format!(
            "INSERT INTO users_search_text (rowid, text) \
             SELECT s.number, '  ' || replace(u.search_text, ' ', '  ') \
             FROM users u JOIN users_search s ON s.user_id = u.id WHERE u.rowid > {last}"
        ),
        "DELETE FROM users_search_paused".to_string(),
    ] {
        txn.execute_unprepared(&sql).await?;
    }
    Ok(())
}

//! What stands in the database, and chance.

use std::{collections::hash_map::RandomState, hash::BuildHasher};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

pub struct Rows(DatabaseConnection);

impl Rows {
    pub async fn of(database: &str) -> Self {
        Self(Database::connect(database).await.expect("the database"))
    }

    /// How many there are in this table, with these conditions.
    pub async fn count(&self, of: &str) -> i64 {
        let sql = format!("SELECT count(*) AS n FROM {of}");
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let row = self.0.query_one_raw(statement).await.expect("an answer");
        row.expect("a row").try_get("", "n").expect("a number")
    }
}

/// Another number each time.
pub fn random() -> u64 {
    RandomState::new().hash_one(0)
}

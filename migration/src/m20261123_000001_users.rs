use loco_rs::schema::{ColType, create_table_without_timestamps, drop_table};
use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseBackend},
};

use crate::timestamps::timestamps;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// An identifier is unique among the living: a soft-deleted account gives its own back.
const UNIQUE: [&str; 3] = ["username_canonical", "email_canonical", "phone_number"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let roles = vec!["admin".to_string(), "user".to_string()];
        let mut columns = vec![
            ("id", ColType::PkUuid),
            ("username", ColType::Text),
            ("email", ColType::Text),
            ("first_name", ColType::TextNull),
            ("last_name", ColType::TextNull),
            ("phone_number", ColType::TextNull),
            (
                "role",
                ColType::EnumWithDefault("roletype".into(), roles, "user".into()),
            ),
            ("is_active", ColType::BooleanWithDefault(true)),
            ("hashed_password", ColType::Text),
        ];
        columns.extend(timestamps());
        columns.extend([
            ("username_canonical", ColType::Text),
            ("email_canonical", ColType::Text),
        ]);
        create_table_without_timestamps(m, "users", &columns, &[]).await?;

        let db = m.get_connection();
        // Of several that are violated, SQLite names the newest and PostgreSQL the oldest: made in this
        // order, both name the username first.
        let mut columns = UNIQUE.to_vec();
        if m.get_database_backend() == DatabaseBackend::Sqlite {
            columns.reverse();
        }
        for column in columns {
            db.execute_unprepared(&format!(
                "CREATE UNIQUE INDEX users_{column}_key ON users ({column}) WHERE deleted_at IS NULL"
            ))
            .await?;
        }
        // "Is this the last admin?" is asked inside a transaction: a handful of rows, never a scan.
        db.execute_unprepared(
            "CREATE INDEX users_admins_idx ON users (id) WHERE role = 'admin' AND deleted_at IS NULL",
        )
        .await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_table(m, "users").await?;
        if m.get_database_backend() == DatabaseBackend::Postgres {
            m.get_connection()
                .execute_unprepared("DROP TYPE roletype")
                .await?;
        }
        Ok(())
    }
}

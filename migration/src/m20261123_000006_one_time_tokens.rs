use loco_rs::schema::{ColType, create_table_without_timestamps, drop_table};
use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create_table_without_timestamps(
            m,
            "one_time_tokens",
            &[
                ("id", ColType::PkUuid),
                ("user_id", ColType::Uuid),
                ("session_id", ColType::UuidNull),
                ("kind", ColType::Text),
                ("email", ColType::Text),
                ("seed", ColType::Text),
                ("digest", ColType::Text),
                ("created_at", ColType::TimestampWithTimeZone),
                ("expires_at", ColType::TimestampWithTimeZone),
                ("used_at", ColType::TimestampWithTimeZoneNull),
            ],
            &[("users", "user_id")],
        )
        .await?;
        let db = m.get_connection();
        for index in [
            "CREATE INDEX one_time_tokens_user_id_idx ON one_time_tokens (user_id, kind)",
            "CREATE INDEX one_time_tokens_expires_at_idx ON one_time_tokens (expires_at)",
        ] {
            db.execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_table(m, "one_time_tokens").await
    }
}

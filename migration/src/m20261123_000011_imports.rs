use loco_rs::schema::{ColType, create_table_without_timestamps, drop_table};
use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create_table_without_timestamps(
            m,
            "imports",
            &[
                ("id", ColType::PkUuid),
                ("digest", ColType::Text),
                ("position", ColType::BigInteger),
                ("line", ColType::BigInteger),
                ("accepted", ColType::BigInteger),
                ("rejected", ColType::BigInteger),
                ("report_length", ColType::BigInteger),
                ("created_at", ColType::TimestampWithTimeZone),
                ("updated_at", ColType::TimestampWithTimeZoneNull),
                ("finished_at", ColType::TimestampWithTimeZoneNull),
            ],
            &[],
        )
        .await?;
        // Of one file one import at a time is under way.
        m.get_connection()
            .execute_unprepared(
                "CREATE UNIQUE INDEX imports_digest_key ON imports (digest) WHERE finished_at IS NULL",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_table(m, "imports").await
    }
}

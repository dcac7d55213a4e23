use loco_rs::schema::{ColType, create_table_without_timestamps, drop_table};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create_table_without_timestamps(
            m,
            "throttles",
            &[
                ("id", ColType::PkUuid),
                ("failures", ColType::BigInteger),
                ("failed_at", ColType::TimestampWithTimeZone),
                ("blocked_until", ColType::TimestampWithTimeZone),
            ],
            &[],
        )
        .await?;
        m.get_connection()
            .execute_unprepared("CREATE INDEX throttles_failed_at_idx ON throttles (failed_at)")
            .await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_table(m, "throttles").await
    }
}

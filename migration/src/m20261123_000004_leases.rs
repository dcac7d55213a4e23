use loco_rs::schema::{ColType, create_table_without_timestamps, drop_table};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create_table_without_timestamps(
            m,
            "leases",
            &[
                ("id", ColType::PkUuid),
                ("name", ColType::TextUniq),
                ("holder", ColType::Uuid),
                ("expires_at", ColType::TimestampWithTimeZone),
            ],
            &[],
        )
        .await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_table(m, "leases").await
    }
}

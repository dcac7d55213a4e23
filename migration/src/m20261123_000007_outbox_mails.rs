use loco_rs::schema::{ColType, create_table_without_timestamps, drop_table};
use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create_table_without_timestamps(
            m,
            "outbox_mails",
            &[
                ("id", ColType::PkUuid),
                ("kind", ColType::Text),
                ("recipient", ColType::Text),
                // Null while it is not known whether an account has this address.
                ("user_id", ColType::UuidNull),
                ("token_id", ColType::UuidNull),
                ("details", ColType::Text),
                ("status", ColType::Text),
                ("attempts", ColType::BigInteger),
                ("next_attempt_at", ColType::TimestampWithTimeZone),
                ("claimed_until", ColType::TimestampWithTimeZoneNull),
                ("last_error", ColType::TextNull),
                ("created_at", ColType::TimestampWithTimeZone),
                ("ended_at", ColType::TimestampWithTimeZoneNull),
            ],
            &[],
        )
        .await?;
        let db = m.get_connection();
        for index in [
            "CREATE INDEX outbox_mails_due_idx ON outbox_mails (next_attempt_at) WHERE status = 'queued'",
            "CREATE INDEX outbox_mails_recipient_idx ON outbox_mails (recipient, kind)",
            "CREATE INDEX outbox_mails_user_id_idx ON outbox_mails (user_id)",
            "CREATE INDEX outbox_mails_ended_at_idx ON outbox_mails (ended_at)",
        ] {
            db.execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_table(m, "outbox_mails").await
    }
}

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Accounts that are there already were admitted without a confirmation, and stay admitted.
const ADMITTED: &str = "UPDATE users SET email_verified_at = created_at";

#[derive(DeriveIden)]
enum Users {
    Table,
    EmailVerifiedAt,
    Locale,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        let mut verified = ColumnDef::new(Users::EmailVerifiedAt);
        let mut locale = ColumnDef::new(Users::Locale);
        for column in [
            verified.timestamp_with_time_zone().null(),
            locale.text().null(),
        ] {
            m.alter_table(
                Table::alter()
                    .table(Users::Table)
                    .add_column(column)
                    .to_owned(),
            )
            .await?;
        }
        m.get_connection().execute_unprepared(ADMITTED).await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for column in [Users::Locale, Users::EmailVerifiedAt] {
            m.alter_table(
                Table::alter()
                    .table(Users::Table)
                    .drop_column(column)
                    .to_owned(),
            )
            .await?;
        }
        Ok(())
    }
}

//! The schema, step by step. A migration that has landed is never edited; a change is a new one.

pub use sea_orm_migration::prelude::*;

mod m20261123_000001_users;
mod m20261123_000002_sessions;
mod m20261123_000003_throttles;
mod m20261123_000004_leases;
mod m20261123_000005_email_verification;
mod m20261123_000006_one_time_tokens;
mod m20261123_000007_outbox_mails;
mod m20261123_000008_audit_events;
mod m20261123_000009_lifecycle;
mod m20261123_000010_search;
mod m20261123_000011_imports;
mod one_by_one;
pub mod references;
pub mod timestamps;

use one_by_one::Direction;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_users::Migration),
            Box::new(m20261123_000002_sessions::Migration),
            Box::new(m20261123_000003_throttles::Migration),
            Box::new(m20261123_000004_leases::Migration),
            Box::new(m20261123_000005_email_verification::Migration),
            Box::new(m20261123_000006_one_time_tokens::Migration),
            Box::new(m20261123_000007_outbox_mails::Migration),
            Box::new(m20261123_000008_audit_events::Migration),
            Box::new(m20261123_000009_lifecycle::Migration),
            Box::new(m20261123_000010_search::Migration),
            Box::new(m20261123_000011_imports::Migration),
            // inject-above (do not remove this comment)
        ]
    }

    async fn up<'c, C>(db: C, steps: Option<u32>) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        one_by_one::migrate(&db.into_database_executor(), steps, Direction::Up).await
    }

    async fn down<'c, C>(db: C, steps: Option<u32>) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        one_by_one::migrate(&db.into_database_executor(), steps, Direction::Down).await
    }
}

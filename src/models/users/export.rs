//! Everything that is held about somebody, for them (GDPR, articles 15 and 20); and all accounts, for
//! whoever moves them.

use sea_orm::{
    Condition, ConnectionTrait, PaginatorTrait, QueryOrder, QuerySelect, entity::prelude::*,
};

use super::{Column, Entity, Model};
use crate::models::{
    Means, Result,
    audit_events::{self, Action, Event, record, search::AuditParams},
    cursor::{Cursors, Page},
    outbox_mails, sessions, transaction,
};

/// Events that one document holds.
const MAX_EVENTS: u64 = 10_000;

/// Accounts that are read at once.
const BATCH: u64 = 5000;

/// How many accounts there are, deleted ones too.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(Entity::find().count(db).await?)
}

/// The accounts after this one, in the order of the ids.
pub async fn after(db: &impl ConnectionTrait, id: Option<Uuid>) -> Result<Vec<Model>> {
    let mut query = Entity::find().order_by_asc(Column::Id).limit(BATCH);
    if let Some(id) = id {
        query = query.filter(Column::Id.gt(id));
    }
    Ok(query.all(db).await?)
}

/// The rows of the tables that are about one account.
#[derive(Debug)]
pub struct Everything {
    pub sessions: Vec<sessions::Model>,
    pub mails: Vec<outbox_mails::Model>,
    pub activity: Page<audit_events::Model>,
}

impl Model {
    /// All that is held about this account besides its own row.
    pub async fn export(&self, means: Means<'_>, cursors: &Cursors) -> Result<Everything> {
        let txn = transaction::begin(means.db).await?;
        record(&txn, means, Event::of(Action::AccountExported, self.id)).await?;
        txn.commit().await?;
        let sessions = sessions::Entity::find()
            .filter(sessions::Column::UserId.eq(self.id))
            .order_by_asc(sessions::Column::Id);
        let mails = outbox_mails::Entity::find()
            .filter(
                Condition::any()
                    .add(outbox_mails::Column::UserId.eq(self.id))
                    .add(
                        outbox_mails::Column::Recipient.is_in([&self.email, &self.email_canonical]),
                    ),
            )
            .order_by_asc(outbox_mails::Column::Id);
        let all = AuditParams {
            limit: Some(MAX_EVENTS),
            ..Default::default()
        };
        Ok(Everything {
            sessions: sessions.all(means.db).await?,
            mails: mails.all(means.db).await?,
            activity: audit_events::search::page(means.db, cursors, &all, Some(self.id)).await?,
        })
    }
}

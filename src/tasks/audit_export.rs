use std::io::{BufWriter, Write};

use futures_util::TryStreamExt;
use loco_rs::prelude::*;
use sea_orm::QueryOrder;

use super::{audit_verify::bar, only, ready, required};
use crate::{
    models::{
        audit_events::{Action, Actor, Column, Entity, Event, chain, record},
        transaction,
    },
    views::audit::AuditEvent,
};

pub struct AuditExport;

#[async_trait]
impl Task for AuditExport {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "audit:export".to_string(),
            detail: "Write the audit trail to a file, a JSON object on each line, the oldest first: to:<file>. \
                     It is written beside the file and moved there at the end."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["to"])?;
        let path = required(vars, "to")?;
        let rollcall = ready(ctx).await?;
        let means = rollcall.means(Actor::OPERATOR);
        let progress = bar(chain::count(means.db).await?);
        let partial = format!("{path}.partial");
        let mut file = BufWriter::new(std::fs::File::create(&partial)?);
        let mut events = Entity::find()
            .order_by_asc(Column::Id)
            .stream(means.db)
            .await?;
        while let Some(event) = events.try_next().await? {
            serde_json::to_writer(&mut file, &AuditEvent::from(event))?;
            file.write_all(b"\n")?;
            progress.inc(1);
        }
        drop(events);
        file.into_inner()
            .map_err(|err| Error::wrap(err.into_error()))?
            .sync_all()?;
        std::fs::rename(&partial, path)?;
        let exported = progress.position();
        progress.finish_and_clear();
        let txn = transaction::begin(means.db).await?;
        let event = Event::general(Action::AuditExported).with("events", exported);
        record(&txn, means, event).await?;
        txn.commit().await?;
        println!("wrote {exported} events to {path}");
        Ok(())
    }
}

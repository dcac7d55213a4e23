use indicatif::ProgressBar;
use loco_rs::prelude::*;

use super::{dry_run, only, ready, removed};
use crate::models::outbox_mails::upkeep;

pub struct OutboxPurge;

#[async_trait]
impl Task for OutboxPurge {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "outbox:purge".to_string(),
            detail: "Remove mails that were sent or dropped more than 7 days ago, and those given up more than \
                     90 days ago: [dry_run:true] [json:true]. The server does this by itself; stop and start \
                     it at will."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["dry_run", "json"])?;
        let rollcall = ready(ctx).await?;
        let (db, now) = (&rollcall.db, rollcall.clock.now());
        let found = upkeep::count_stale(db, now).await?;
        if let Some(said) = dry_run(vars, "mails", found) {
            return said;
        }
        let progress = ProgressBar::new(found);
        while let gone @ 1.. = upkeep::purge_batch(db, now).await? {
            progress.inc(gone);
        }
        removed(vars, "mails", &progress)
    }
}

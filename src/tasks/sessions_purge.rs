use indicatif::ProgressBar;
use loco_rs::prelude::*;

use super::{dry_run, only, ready, removed};
use crate::models::sessions;

pub struct SessionsPurge;

#[async_trait]
impl Task for SessionsPurge {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "sessions:purge".to_string(),
            detail: "Remove sessions that ended more than 30 days ago: [dry_run:true] [json:true]. The server \
                     does this by itself; stop and start it at will."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["dry_run", "json"])?;
        let rollcall = ready(ctx).await?;
        let (db, now) = (&rollcall.db, rollcall.clock.now());
        let found = sessions::purge::count(db, now).await?;
        if let Some(said) = dry_run(vars, "sessions", found) {
            return said;
        }
        let progress = ProgressBar::new(found);
        while let gone @ 1.. = sessions::purge::batch(db, now).await? {
            progress.inc(gone);
        }
        removed(vars, "sessions", &progress)
    }
}

use indicatif::ProgressBar;
use loco_rs::prelude::*;
use serde_json::json;

use super::{only, optional, print, ready};
use crate::models::sessions::purge;

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
        let now = rollcall.clock.now();
        let found = purge::count(&rollcall.db, now).await?;
        if optional(vars, "dry_run") == Some("true") {
            return print(vars, &json!({"would_remove": found}), || {
                format!("{found} sessions would be removed")
            });
        }
        let progress = ProgressBar::new(found);
        loop {
            match purge::batch(&rollcall.db, now).await? {
                0 => break,
                removed => progress.inc(removed),
            }
        }
        let removed = progress.position();
        progress.finish_and_clear();
        print(vars, &json!({"removed": removed}), || {
            format!("removed {removed} sessions")
        })
    }
}

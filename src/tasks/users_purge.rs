use indicatif::ProgressBar;
use loco_rs::prelude::*;

use super::{dry_run, only, ready, removed};
use crate::models::{audit_events::Actor, users::restoration};

pub struct UsersPurge;

#[async_trait]
impl Task for UsersPurge {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "users:purge".to_string(),
            detail: "Erase for good the accounts that were deleted longer ago than DELETED_GRACE_DAYS; their \
                     ids stay in the audit trail: [dry_run:true] [json:true]. The server does this by itself; \
                     stop and start it at will."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["dry_run", "json"])?;
        let rollcall = ready(ctx).await?;
        let means = rollcall.means(Actor::OPERATOR);
        let grace = rollcall.settings.lifecycle.grace();
        let found = restoration::count_expired(means.db, grace, means.now).await?;
        if let Some(said) = dry_run(vars, "accounts", found) {
            return said;
        }
        let progress = ProgressBar::new(found);
        while let gone @ 1.. = restoration::purge_batch(means, grace).await? {
            progress.inc(gone);
        }
        removed(vars, "accounts", &progress)
    }
}

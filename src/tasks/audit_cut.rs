use indicatif::ProgressBar;
use loco_rs::prelude::*;

use super::{audit_verify::bar, dry_run, only, ready, removed, required};
use crate::models::audit_events::{
    Actor,
    chain::{self, Verdict},
    retention,
};

pub struct AuditCut;

#[async_trait]
impl Task for AuditCut {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "audit:cut".to_string(),
            detail: "Remove events that are older than so many days, once the whole trail has been verified; a \
                     signed anchor takes their place: days:365 [dry_run:true] [json:true]. Run it again when it \
                     was stopped."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["days", "dry_run", "json"])?;
        let days: i64 = required(vars, "days")?
            .parse()
            .ok()
            .filter(|days| (1..=36_500).contains(days))
            .ok_or_else(|| Error::string("the argument `days` is a number from 1 to 36500"))?;
        let rollcall = ready(ctx).await?;
        let means = rollcall.means(Actor::OPERATOR);
        let signer = &rollcall.audit_signer;
        let before = means.now - chrono::Duration::days(days);
        let last = retention::last_before(means.db, before).await?;
        let found = match &last {
            Some(last) => retention::count(means.db, last).await?,
            None => 0,
        };
        if let Some(said) = dry_run(vars, "events", found) {
            return said;
        }
        let progress = bar(chain::count(means.db).await?);
        let verdict: Verdict = chain::verify(means.db, signer, None, |n| progress.inc(n)).await?;
        progress.finish_and_clear();
        if let Some(fault) = verdict.fault {
            return Err(Error::Message(format!(
                "nothing was removed: the audit trail is broken at {}: {}",
                fault.sequence, fault.what
            )));
        }
        if let Some(last) = last {
            retention::anchor(means, signer, &last).await?;
        }
        let progress = ProgressBar::new(found);
        while let gone @ 1.. = retention::cut(means.db).await? {
            progress.inc(gone);
        }
        removed(vars, "events", &progress)
    }
}

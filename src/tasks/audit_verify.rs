use indicatif::{ProgressBar, ProgressStyle};
use loco_rs::prelude::*;

use super::{only, optional, print, ready};
use crate::models::audit_events::chain::{self, Head, Verdict};

pub struct AuditVerify;

#[async_trait]
impl Task for AuditVerify {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "audit:verify".to_string(),
            detail: "Walk the audit trail and look for what was changed, removed or moved: [head:<file>] (what \
                     audit:head printed once: shows whether the end was cut) [json:true]. Ends with an error, \
                     and names the first bad row, when something is wrong."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["head", "json"])?;
        let rollcall = ready(ctx).await?;
        let kept = optional(vars, "head").map(read_head).transpose()?;
        let progress = bar(chain::count(&rollcall.db).await?);
        let signer = &rollcall.audit_signer;
        let verdict =
            chain::verify(&rollcall.db, signer, kept.as_ref(), |n| progress.inc(n)).await?;
        progress.finish_and_clear();
        print(vars, &verdict, || words(&verdict))?;
        match &verdict.fault {
            None => Ok(()),
            Some(fault) => Err(Error::Message(format!(
                "the audit trail is broken at {}: {}",
                fault.sequence, fault.what
            ))),
        }
    }
}

fn read_head(path: &str) -> Result<Head> {
    let text = std::fs::read_to_string(path)
        .map_err(|err| Error::Message(format!("the head in {path} can't be read: {err}")))?;
    serde_json::from_str(&text)
        .map_err(|err| Error::Message(format!("the file {path} is no head: {err}")))
}

fn words(verdict: &Verdict) -> String {
    let waiting = match verdict.unsealed {
        0 => String::new(),
        n => format!(", {n} wait for their place in the chain"),
    };
    match &verdict.fault {
        None => format!(
            "{} events are as they were written{waiting}",
            verdict.verified
        ),
        Some(fault) => {
            let id = fault.event_id.map(|id| format!(" (event {id})"));
            format!(
                "{} events are as they were written; at {}{}: {}",
                verdict.verified,
                fault.sequence,
                id.unwrap_or_default(),
                fault.what
            )
        }
    }
}

/// A bar with the rate and the time left.
pub fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

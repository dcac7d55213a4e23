//! Removes rows that say nothing any more, every now and then; of several nodes one does it.

use std::time::Duration;

use async_trait::async_trait;
use loco_rs::{
    Result,
    app::{AppContext, Initializer},
};
use tokio::time::sleep;

use crate::{
    models::{
        self,
        audit_events::Actor,
        leases, new_id, one_time_tokens, outbox_mails, sessions, throttles,
        users::{restoration::purge_batch, suspension::lift_ended},
    },
    runtime::Runtime,
};

const LEASE: &str = "housekeeping";
const EVERY: Duration = Duration::from_secs(600);

pub struct Housekeeping;

#[async_trait]
impl Initializer for Housekeeping {
    fn name(&self) -> String {
        "housekeeping".to_string()
    }

    async fn before_run(&self, ctx: &AppContext) -> Result<()> {
        let rollcall = Runtime::of(ctx)?;
        rollcall.clone().run_in_background(async move {
            let node = new_id(rollcall.clock.now());
            let stopped = rollcall.stopped();
            tokio::pin!(stopped);
            loop {
                // Not at the start, when there is other work.
                tokio::select! {
                    () = sleep(EVERY) => {}
                    () = &mut stopped => return,
                }
                if let Err(err) = clean(&rollcall, node).await {
                    tracing::warn!(error = %err, "house-keeping failed; it is tried again later");
                }
            }
        });
        Ok(())
    }
}

/// One round, by whoever holds the lease. How many rows?
pub async fn clean(rollcall: &Runtime, node: uuid::Uuid) -> models::Result<u64> {
    let now = rollcall.clock.now();
    let lasts = chrono::Duration::from_std(EVERY * 2).unwrap_or_default();
    if !leases::take(&rollcall.db, LEASE, node, lasts, now).await? {
        return Ok(0);
    }
    let (db, means) = (&rollcall.db, rollcall.means(Actor::SYSTEM));
    while lift_ended(means).await? > 0 {}
    let grace = rollcall.settings.lifecycle.grace();
    let mut erased = 0;
    while let gone @ 1.. = purge_batch(means, grace).await? {
        erased += gone;
    }
    let mut removed = throttles::purge(db, now).await? + one_time_tokens::purge(db, now).await?;
    loop {
        let sessions = sessions::purge::batch(db, now).await?;
        match sessions + outbox_mails::upkeep::purge_batch(db, now).await? {
            0 => break,
            n => removed += n,
        }
    }
    if erased > 0 {
        tracing::info!(
            accounts = erased,
            "house-keeping erased accounts that were deleted long ago"
        );
    }
    if removed > 0 {
        tracing::info!(
            rows = removed,
            "house-keeping removed what is old: sessions, mails, tokens, throttles"
        );
    }
    Ok(removed + erased)
}

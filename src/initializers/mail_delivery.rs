//! Gets mails out of the outbox: those that this process has just ordered at once, by a worker; those
//! that a crash or a failure left behind by a sweep, which one node at a time does.

use std::time::Duration;

use async_trait::async_trait;
use loco_rs::{
    Result,
    app::{AppContext, Initializer},
    bgworker::BackgroundWorker,
};
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

use crate::{
    mailers::account::AccountMailer,
    models::{leases, new_id, secrets},
    runtime::Runtime,
    workers::deliver_mail::{DeliverMail, DeliverMailArgs},
};

const LEASE: &str = "outbox";
const EVERY: Duration = Duration::from_secs(3);
/// Mails that one sweep takes; the next one takes the rest.
const BATCH: u64 = 200;

pub struct MailDelivery;

#[async_trait]
impl Initializer for MailDelivery {
    fn name(&self) -> String {
        "mail_delivery".to_string()
    }

    async fn before_run(&self, ctx: &AppContext) -> Result<()> {
        let rollcall = Runtime::of(ctx)?;
        rollcall.run_in_background(dispatch(ctx.clone(), rollcall.clone()));
        rollcall.run_in_background(sweep(ctx.clone(), rollcall.clone()));
        Ok(())
    }
}

/// Hand each order to the worker, a random moment later: what is done for a mail must not be felt in
/// the next answer.
async fn dispatch(ctx: AppContext, rollcall: Runtime) {
    let Some(mut orders) = rollcall.outbox.orders() else {
        return;
    };
    let stopped = rollcall.stopped();
    tokio::pin!(stopped);
    let mut waiting = JoinSet::new();
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some(mail_id) = order else { break };
                waiting.spawn(later(ctx.clone(), spread(&rollcall), mail_id));
            }
            Some(_) = waiting.join_next(), if !waiting.is_empty() => {}
            () = &mut stopped => break,
        }
    }
    // What waits is in the outbox; what is under way may end.
    waiting.shutdown().await;
    rollcall.outbox.idle().await;
}

async fn later(ctx: AppContext, wait: Duration, mail_id: Uuid) {
    if !wait.is_zero() {
        sleep(wait).await;
    }
    if let Err(err) = DeliverMail::perform_later(&ctx, DeliverMailArgs { mail_id }).await {
        tracing::warn!(error = %err, mail.id = %mail_id, "a mail is left to the sweep");
    }
}

fn spread(rollcall: &Runtime) -> Duration {
    let most = rollcall.settings.mail.spread_ms;
    let [a, b, ..] = secrets::random();
    let random = u64::from(u16::from_be_bytes([a, b]));
    Duration::from_millis(random * most / u64::from(u16::MAX))
}

async fn sweep(ctx: AppContext, rollcall: Runtime) {
    let node = new_id(rollcall.clock.now());
    let stopped = rollcall.stopped();
    tokio::pin!(stopped);
    loop {
        // Not cut short by a stop: a mail that has just been taken would be sent again.
        if let Err(err) = sweep_once(&ctx, &rollcall, node).await {
            tracing::warn!(error = %err, "the outbox was not swept; it is tried again");
        }
        tokio::select! {
            () = sleep(EVERY) => {}
            () = &mut stopped => return,
        }
    }
}

/// Deliver what is overdue, if this node holds the lease. How many were there?
pub async fn sweep_once(ctx: &AppContext, rollcall: &Runtime, node: Uuid) -> Result<usize> {
    if !AccountMailer::is_ready(ctx) {
        return Ok(0);
    }
    let (db, now) = (&rollcall.db, rollcall.clock.now());
    let overdue = rollcall.outbox.overdue(db, BATCH, now).await?;
    // The lease is a write: it is taken when there is something to do.
    let lasts = chrono::Duration::seconds(rollcall.settings.mail.timeout_seconds + 10);
    if overdue.is_empty() || !leases::take(db, LEASE, node, lasts, now).await? {
        return Ok(0);
    }
    let found = overdue.len();
    let mut deliveries = JoinSet::new();
    for mail_id in overdue {
        let worker = DeliverMail::build(ctx);
        deliveries.spawn(async move { worker.perform(DeliverMailArgs { mail_id }).await });
    }
    while let Some(delivered) = deliveries.join_next().await {
        if let Ok(Err(err)) = delivered {
            tracing::warn!(error = %err, "a mail could not be delivered; it is tried again");
        }
    }
    Ok(found)
}

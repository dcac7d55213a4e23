//! Gives committed audit events their place in the chain, a moment after they were written.

use std::time::Duration;

use async_trait::async_trait;
use loco_rs::{
    Result,
    app::{AppContext, Initializer},
};
use tokio::time::sleep;

use crate::{models::audit_events::sealing, runtime::Runtime};

const EVERY: Duration = Duration::from_millis(250);

pub struct AuditSealing;

#[async_trait]
impl Initializer for AuditSealing {
    fn name(&self) -> String {
        "audit_sealing".to_string()
    }

    async fn before_run(&self, ctx: &AppContext) -> Result<()> {
        let rollcall = Runtime::of(ctx)?;
        rollcall.clone().run_in_background(async move {
            let stopped = rollcall.stopped();
            tokio::pin!(stopped);
            loop {
                tokio::select! {
                    sealed = sealing::seal_all(&rollcall.db) => {
                        if let Err(err) = sealed {
                            tracing::warn!(error = %err, "audit events were not sealed; it is tried again");
                        }
                    }
                    () = &mut stopped => return,
                }
                tokio::select! {
                    () = sleep(EVERY) => {}
                    () = &mut stopped => return,
                }
            }
        });
        Ok(())
    }
}

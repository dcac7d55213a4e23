use loco_rs::prelude::*;

use super::{only, ready};
use crate::models::audit_events::chain;

pub struct AuditHead;

#[async_trait]
impl Task for AuditHead {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "audit:head".to_string(),
            detail: "Print how far the audit trail goes, signed, as JSON. Keep it elsewhere: audit:verify \
                     head:<file> shows whether the trail's end was cut since."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["json"])?;
        let rollcall = ready(ctx).await?;
        let now = rollcall.clock.now();
        let head = chain::head(&rollcall.db, &rollcall.audit_signer, now).await?;
        println!("{}", serde_json::to_string(&head)?);
        Ok(())
    }
}

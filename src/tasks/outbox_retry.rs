use loco_rs::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{only, optional, print, ready};
use crate::models::outbox_mails::upkeep;

pub struct OutboxRetry;

#[async_trait]
impl Task for OutboxRetry {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "outbox:retry".to_string(),
            detail: "Send mails now that were given up or wait for their next try: [id:<uuid>] (all when left \
                     out) [json:true]. A running server sends them."
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["id", "json"])?;
        let id = optional(vars, "id").map(str::parse::<Uuid>).transpose();
        let id = id.map_err(|_| Error::string("the argument `id` is a UUID"))?;
        let rollcall = ready(ctx).await?;
        let now = rollcall.clock.now();
        let owed = upkeep::retry(&rollcall.db, id, now).await?;
        if let (Some(id), 0) = (id, owed) {
            return Err(Error::string(&format!(
                "no mail {id} was given up or waits for its next try"
            )));
        }
        print(vars, &json!({"queued": owed}), || {
            format!("{owed} mails are queued to be sent now")
        })
    }
}

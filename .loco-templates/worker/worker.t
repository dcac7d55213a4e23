{#- src/workers/<name>.rs: work after a request. -#}
{% set module_name = name | snake_case -%}
{% set struct_name = module_name | pascal_case -%}
to: "src/workers/{{ module_name }}.rs"
skip_exists: true
message: "The worker is there: `{{ struct_name }}::perform_later(ctx, {{ struct_name }}Args { .. })`."
injections:
- into: "src/workers/mod.rs"
  before: "^pub mod deliver_mail;"
  content: "pub mod {{ module_name }};"
- into: src/app.rs
  after: "fn connect_workers"
  content: "        queue.register(crate::workers::{{ module_name }}::{{ struct_name }}::build(ctx)).await?;"
---
use async_trait::async_trait;
use loco_rs::{Result, app::AppContext, bgworker::BackgroundWorker};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    models::{self, users},
    runtime::Runtime,
};

/// Runs after the request that ordered it. A queue may run it twice, or never when the process dies: what must not be
/// lost is a row, as mails are, and what is done twice must change nothing the second time.
pub struct {{ struct_name }} {
    ctx: AppContext,
}

/// Ids only: jobs are stored in clear, and rows change meanwhile.
#[derive(Debug, Serialize, Deserialize)]
pub struct {{ struct_name }}Args {
    pub user_id: Uuid,
}

#[async_trait]
impl BackgroundWorker<{{ struct_name }}Args> for {{ struct_name }} {
    fn build(ctx: &AppContext) -> Self {
        Self { ctx: ctx.clone() }
    }

    async fn perform(&self, args: {{ struct_name }}Args) -> Result<()> {
        let rollcall = Runtime::of(&self.ctx)?;
        let user = match users::Model::find_by_id(&rollcall.db, args.user_id).await {
            Ok(user) if user.is_usable(rollcall.clock.now()) => user,
            Ok(_) | Err(models::Error::NotFound) => return Ok(()),
            Err(err) => return Err(err.into()),
        };
        tracing::info!(user.id = %user.id, "{{ module_name }} ran");
        Ok(())
    }
}

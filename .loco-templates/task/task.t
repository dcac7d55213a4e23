{#- src/tasks/<name>.rs: a command of `cargo loco task`. -#}
{% set file_name = name | replace(from=":", to="_") | snake_case -%}
{% set module_name = file_name | pascal_case -%}
to: "src/tasks/{{ file_name }}.rs"
skip_exists: true
message: "The task is there: `cargo loco task {{ name }}`."
injections:
- into: "src/tasks/mod.rs"
  before: "^pub mod audit_cut;"
  content: "pub mod {{ file_name }};"
- into: src/app.rs
  before: "// tasks-inject"
  content: "        tasks.register(tasks::{{ file_name }}::{{ module_name }});"
---
use loco_rs::prelude::*;
use serde_json::json;

use super::{only, print, ready};
use crate::models::database::counts;

pub struct {{ module_name }};

#[async_trait]
impl Task for {{ module_name }} {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "{{ name }}".to_string(),
            detail: "How many rows there are: [json:true]".to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["json"])?;
        let rollcall = ready(ctx).await?;

        // One model call; the rules are the model's.
        let counts = counts(&rollcall.db).await?;
        let rows: u64 = counts.iter().map(|table| table.rows).sum();

        print(vars, &json!({"rows": rows}), || format!("{rows} rows"))
    }
}

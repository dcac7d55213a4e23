{#- tests/workers/<name>.rs -#}
{% set module_name = name | snake_case -%}
{% set struct_name = module_name | pascal_case -%}
to: "tests/workers/{{ module_name }}.rs"
skip_exists: true
message: "Its tests: `cargo test workers::{{ module_name }}`."
injections:
- into: tests/workers/mod.rs
  before: "^mod canaries;"
  content: "mod {{ module_name }};"
---
use loco_rs::bgworker::BackgroundWorker;
use rollcall::workers::{{ module_name }}::{ {{ struct_name }}, {{ struct_name }}Args };
use uuid::Uuid;

use crate::support::service;

#[tokio::test]
async fn it_runs_also_when_its_account_is_gone() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let deleted = s.member("deleted").await;
        deleted.delete("/v1/api/users").await;
        let worker = {{ struct_name }}::build(&s.ctx);

        for user_id in [ada.uuid(), deleted.uuid(), Uuid::nil()] {
            let ran = worker.perform({{ struct_name }}Args { user_id }).await;

            assert!(ran.is_ok());
        }
    })
    .await;
}

{#- tests/tasks/<name>.rs -#}
{% set file_name = name | replace(from=":", to="_") | snake_case -%}
to: tests/tasks/{{ file_name }}.rs
skip_exists: true
message: "Its tests: `cargo test tasks::{{ file_name }}`."
injections:
- into: tests/tasks/mod.rs
  before: "^mod databases;"
  content: "mod {{ file_name }};"
---
use super::{printed, task};
use crate::support::service;

#[tokio::test]
async fn it_prints_what_it_did() {
    service(|s| async move {
        s.member("ada").await;

        let said = printed(&s, "{{ name }}", &["json:true"]).await;

        assert!(said["rows"].as_u64().expect("a number") > 0, "{said}");
    })
    .await;
}

#[tokio::test]
async fn an_argument_that_is_not_known_is_refused() {
    service(|s| async move {
        let said = task(&s.ctx, "{{ name }}", &[("jsno", "true")]).await.unwrap_err();

        assert!(said.contains("`jsno` is not known"), "{said}");
    })
    .await;
}

{#- tests/requests/<name>.rs; who may call what stands in the access matrix. -#}
{% set file_name = name | snake_case -%}
to: tests/requests/{{ file_name }}.rs
skip_exists: true
message: "Its tests: `cargo test requests::{{ file_name }}`."
injections:
- into: tests/requests/mod.rs
  before: "^mod access_matrix;"
  content: "mod {{ file_name }};"
---
//! `/v1/api/{{ name | kebab_case }}`

use crate::support::service;

#[tokio::test]
async fn it_answers{% if auth %}_who_is_logged_in{% endif %}() {
    service(|s| async move {
        let {% if auth %}caller = s.member("ada").await{% else %}caller = s.anonymous(){% endif %};

        let answer = caller.get("/v1/api/{{ name | kebab_case }}").await;

        assert_eq!(answer.status, 200, "{answer:?}");
    })
    .await;
}

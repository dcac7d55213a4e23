{#- src/controllers/<name>.rs: routes that are no resource. With --auth none is open. -#}
{% set file_name = name | snake_case -%}
to: src/controllers/{{ file_name }}.rs
skip_exists: true
message: "`/v1/api/{{ name | kebab_case }}` is served, and stands in `/docs`."
injections:
- into: src/controllers/mod.rs
  after: "^pub mod account_pages;"
  content: "pub mod {{ file_name }};"
- into: src/app.rs
  after: "AppRoutes::"
  content: "            .add_route(controllers::{{ file_name }}::routes(ctx))"
- into: src/initializers/openapi.rs
  before: "paths-inject"
  content: |2-
            controllers::{{ file_name }}::index,
    {%- for action in actions %}
            controllers::{{ file_name }}::{{ action.name }},
    {%- endfor %}
- into: src/initializers/openapi.rs
  before: "tags-inject"
  content: "        (name = \"{{ file_name }}\", description = \"{{ name | title_case }}\"),"
- into: tests/requests/access_matrix.rs
  before: "resources-inject"
  content: "    (\"{{ file_name }}\", \"{{ file_name }}.\", \"/v1/api/{{ name | kebab_case }}\"),"
- into: tests/requests/access_matrix.rs
  after: "rows-inject"
  content: |2-
        ("GET",    "/v1/api/{{ name | kebab_case }}", {% if auth %}[401, 200, 200, 200, 401, 404]{% else %}[200, 200, 200, 200, 200, 200]{% endif %}),
    {%- for action in actions %}
        ("{{ action.verb | upper }}", "/v1/api/{{ name | kebab_case }}/{{ action.name }}", {% if auth %}[401, 200, 200, 200, 401, 404]{% else %}[200, 200, 200, 200, 200, 200]{% endif %}),
    {%- endfor %}
---
//! `/v1/api/{{ name | kebab_case }}`

use axum::Json;
use loco_rs::{controller::Routes, prelude::*};

use super::{context::SharedContext{% if auth %}, extractors::CurrentUser{% endif %}};

use crate::views::{monitoring::Health, problem::Result};

/// {{ name | title_case }}
#[utoipa::path(
    get, path = "/v1/api/{{ name | kebab_case }}", tag = "{{ file_name }}",{% if auth %} security(("oauth2" = [])),{% endif %}
    responses((status = 200, description = "Done", body = Health))
)]
pub async fn index({% if auth %}_: CurrentUser{% endif %}) -> Result<Json<Health>> {
    Ok(Json(Health { ok: true }))
}
{% for action in actions %}
/// {{ action.name | title_case }}
#[utoipa::path(
    {{ action.verb }}, path = "/v1/api/{{ name | kebab_case }}/{{ action.name }}", tag = "{{ file_name }}",{% if auth %} security(("oauth2" = [])),{% endif %}
    responses((status = 200, description = "Done", body = Health))
)]
pub async fn {{ action.name }}({% if auth %}_: CurrentUser{% endif %}) -> Result<Json<Health>> {
    Ok(Json(Health { ok: true }))
}
{% endfor %}
pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("/v1/api/{{ name | kebab_case }}")
        .add("/", get(index).with_state(ctx.clone()))
        {%- for action in actions %}
        .add("/{{ action.name }}", {{ action.verb }}({{ action.name }}).with_state(ctx.clone()))
        {%- endfor %}
}

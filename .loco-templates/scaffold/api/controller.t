{#- src/controllers/<plural>.rs: extract, authorise, one model call, one view. -#}
{%- if is_shared %}{% set writer = "AdminUser(caller): AdminUser" %}{% else %}{% set writer = "caller: CurrentUser" %}{% endif -%}
to: "src/controllers/{{ plural }}.rs"
message: "`{{ route }}` is served, and stands in `/docs`."
injections:
- into: src/controllers/mod.rs
  after: "^pub mod account_pages;"
  content: "pub mod {{ plural }};"
- into: src/app.rs
  after: "AppRoutes::"
  content: "            .add_route(controllers::{{ plural }}::routes(ctx))"
- into: src/initializers/openapi.rs
  before: "paths-inject"
  content: "        controllers::{{ plural }}::index,\n        controllers::{{ plural }}::create,\n        controllers::{{ plural }}::show,\n        controllers::{{ plural }}::update,\n        controllers::{{ plural }}::destroy,"
- into: src/initializers/openapi.rs
  before: "tags-inject"
  content: "        (name = \"{{ plural }}\", description = \"{{ title }}\"),"
---
//! `{{ route }}`

use axum::{Json, extract::OriginalUri, http::StatusCode, response::Response};
use loco_rs::{controller::Routes, prelude::get};

use super::{context::SharedContext, extractors::{ {% if is_shared %}AdminUser,{% endif %} CurrentUser, PathId, Rollcall, ValidJson, ValidQuery}};
use crate::{
    models::{{ plural }}::{Create{{ pascal }}Params, ListParams, Model, Update{{ pascal }}Params},
    views::{page::Page, {{ plural }}::{{ pascal }}Response, problem::Result},
};

/// List {{ plural | replace(from="_", to=" ") }}
///
/// {% if is_shared %}All of them, the newest first.{% elif owner %}The caller's own, the newest first; everybody's for an administrator.{% else %}Those that the caller may see, the newest first.{% endif %}
#[utoipa::path(
    get, path = "{{ route }}", tag = "{{ plural }}", operation_id = "{{ plural }}_index", security(("oauth2" = [])),
    params(ListParams),
    responses(
        (status = 200, description = "A page", body = Page<{{ pascal }}Response>,
            headers(("Link" = String, description = "The next page: `rel=\"next\"`"))),
        (status = 422, description = "Parameters that are not valid, all of them: `validation_failed`"),
    )
)]
pub async fn index(
    rollcall: Rollcall,
    caller: CurrentUser,
    OriginalUri(uri): OriginalUri,
    ValidQuery(params): ValidQuery<ListParams>,
) -> Result<Response> {
    let page = Model::page(&rollcall.db, &rollcall.cursors, &params, caller.user()).await?;
    Ok(Page::of(page, {{ pascal }}Response::from).answer(&uri))
}

/// Make a {{ words }}
#[utoipa::path(
    post, path = "{{ route }}", tag = "{{ plural }}", operation_id = "{{ plural }}_create", security(("oauth2" = [])),
    request_body = Create{{ pascal }}Params,
    responses(
        (status = 201, description = "The new one", body = {{ pascal }}Response),
{%- if is_shared %}
        (status = 403, description = "Only administrators may: `forbidden`"),
{%- endif %}
{%- if uniques %}
        (status = 409, description = "Another one has this value: `already_taken`"),
{%- endif %}
    )
)]
pub async fn create(
    rollcall: Rollcall,
    {{ writer }},
    ValidJson(params): ValidJson<Create{{ pascal }}Params>,
) -> Result<(StatusCode, Json<{{ pascal }}Response>)> {
    let row = Model::create(rollcall.means_of(&caller), params, caller.user()).await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

/// Show a {{ words }}
#[utoipa::path(
    get, path = "{{ route }}/{id}", tag = "{{ plural }}", operation_id = "{{ plural }}_show", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "Its id")),
    responses(
        (status = 200, description = "The {{ words }}", body = {{ pascal }}Response),
        (status = 404, description = "There is none that the caller may see: `not_found`"),
    )
)]
pub async fn show(rollcall: Rollcall, caller: CurrentUser, PathId(id): PathId) -> Result<Json<{{ pascal }}Response>> {
    let row = Model::find(&rollcall.db, id, caller.user()).await?;
    Ok(Json(row.into()))
}

/// Change a {{ words }}
#[utoipa::path(
    patch, path = "{{ route }}/{id}", tag = "{{ plural }}", operation_id = "{{ plural }}_update", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "Its id")),
    request_body = Update{{ pascal }}Params,
    responses(
        (status = 200, description = "As it is now", body = {{ pascal }}Response),
{%- if is_shared %}
        (status = 403, description = "Only administrators may: `forbidden`"),
{%- endif %}
        (status = 404, description = "There is none that the caller may see: `not_found`"),
{%- if uniques %}
        (status = 409, description = "Another one has this value: `already_taken`"),
{%- endif %}
    )
)]
pub async fn update(
    rollcall: Rollcall,
    {{ writer }},
    PathId(id): PathId,
    ValidJson(params): ValidJson<Update{{ pascal }}Params>,
) -> Result<Json<{{ pascal }}Response>> {
    let row = Model::update(id, rollcall.means_of(&caller), params, caller.user()).await?;
    Ok(Json(row.into()))
}

/// Delete a {{ words }}
#[utoipa::path(
    delete, path = "{{ route }}/{id}", tag = "{{ plural }}", operation_id = "{{ plural }}_destroy", security(("oauth2" = [])),
    params(("id" = Uuid, Path, description = "Its id")),
    responses(
        (status = 204, description = "Deleted, for good"),
{%- if is_shared %}
        (status = 403, description = "Only administrators may: `forbidden`"),
{%- endif %}
        (status = 404, description = "There is none that the caller may see: `not_found`"),
    )
)]
pub async fn destroy(rollcall: Rollcall, {{ writer }}, PathId(id): PathId) -> Result<StatusCode> {
    Model::destroy(id, rollcall.means_of(&caller), caller.user()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("{{ route }}")
        .add("/", get(index).post(create).with_state(ctx.clone()))
        .add("/{id}", get(show).patch(update).delete(destroy).with_state(ctx.clone()))
}

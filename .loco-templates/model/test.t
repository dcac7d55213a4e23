{#- tests/models/<plural>.rs -#}
to: "tests/models/{{ plural }}.rs"
message: "Tests of the model: `cargo test models::{{ plural }}`."
injections:
- into: tests/models/mod.rs
  append: true
  content: "mod {{ plural }};"
---
//! {{ title }}, without HTTP around them.

use std::path::Path;

use loco_rs::app::Hooks;
use rollcall::{app::App, models::{ {{ plural }}, users } };
use sea_orm::{EntityTrait, PaginatorTrait};

use crate::support::service;

#[tokio::test]
async fn the_development_set_has_some_and_is_filled_once() {
    service(|s| async move {
        for _ in 0..2 {
            App::seed(&s.ctx, Path::new("src/fixtures")).await.expect("to seed");
        }

        let rows = {{ plural }}::Entity::find().all(&s.ctx.db).await.expect("the rows");
        assert_eq!(rows.len(), 1);
        let ada = users::Model::find_by_identifier(&s.ctx.db, "ada").await.expect("ada");
        let seen = {{ plural }}::Model::find(&s.ctx.db, rows[0].id, &ada).await;
        assert_eq!(seen.expect("to be seen"), rows[0]);
    })
    .await;
}

#[tokio::test]
async fn truncating_leaves_none() {
    service(|s| async move {
        App::seed(&s.ctx, Path::new("src/fixtures")).await.expect("to seed");

        App::truncate(&s.ctx).await.expect("to truncate");

        let left = {{ plural }}::Entity::find().count(&s.ctx.db).await;
        assert_eq!(left.expect("a count"), 0);
    })
    .await;
}
{% if owner %}
#[tokio::test]
async fn when_an_account_is_erased_{% if owner.nullable %}its_rows_have_no_owner{% else %}its_rows_are_too{% endif %}() {
    service(|s| async move {
        App::seed(&s.ctx, Path::new("src/fixtures")).await.expect("to seed");
        let ada = users::Model::find_by_identifier(&s.ctx.db, "ada").await.expect("ada");

        users::Entity::delete_by_id(ada.id).exec(&s.ctx.db).await.expect("to erase it");

        let rows = {{ plural }}::Entity::find().all(&s.ctx.db).await.expect("the rows");
        {% if owner.nullable -%}
        let owners: Vec<_> = rows.iter().map(|row| row.user_id).collect();
        assert_eq!(owners, [None]);
        {%- else -%}
        assert_eq!(rows, []);
        {%- endif %}
    })
    .await;
}
{% endif %}

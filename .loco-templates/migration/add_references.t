{#- More columns for a table that is there. A reference is null in rows that are there, and when what it refers to is gone. -#}
{% set mig_ts = ts | date(format="%Y%m%d_%H%M%S") -%}
{% set mig_name = name | snake_case -%}
{% set plural_snake = table | plural | snake_case -%}
{% set module_name = "m" ~ mig_ts ~ "_" ~ mig_name -%}
to: "migration/src/{{ module_name }}.rs"
skip_glob: "migration/src/m????????_??????_{{ mig_name }}.rs"
message: "The migration `{{ mig_name }}` is there: `cargo loco db migrate && cargo loco db entities`."
injections:
- into: "migration/src/lib.rs"
  before: "inject-above"
  content: "            Box::new({{ module_name }}::Migration),"
- into: "migration/src/lib.rs"
  before: "mod one_by_one;"
  content: "mod {{ module_name }};"
---
{% if columns %}use loco_rs::schema::{ColType, add_column, remove_column};
{% endif -%}
use sea_orm_migration::prelude::*;
{%- if references %}

use crate::references::{forget, refer};
{%- endif %}

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        {%- for column in columns %}
        add_column(m, "{{ plural_snake }}", "{{ column.0 }}", ColType::{{ column.1 }}).await?;
        {%- endfor %}
        {%- for ref in references %}
        {%- set target = ref.0 | trim_end_matches(pat="?") | snake_case %}
        {%- set field = target ~ "_id" %}{% if ref.1 %}{% set field = ref.1 %}{% endif %}
        refer(m, "{{ plural_snake }}", "{{ field }}", "{{ target | plural }}").await?;
        {%- endfor %}
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        {%- for ref in references %}
        {%- set target = ref.0 | trim_end_matches(pat="?") | snake_case %}
        {%- set field = target ~ "_id" %}{% if ref.1 %}{% set field = ref.1 %}{% endif %}
        forget(m, "{{ plural_snake }}", "{{ field }}").await?;
        {%- endfor %}
        {%- for column in columns %}
        remove_column(m, "{{ plural_snake }}", "{{ column.0 }}").await?;
        {%- endfor %}
        Ok(())
    }
}

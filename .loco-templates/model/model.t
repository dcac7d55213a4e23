{#- A new table. Also for `generate migration Create…`. -#}
{% set plural_snake = name | plural | snake_case -%}
{% set stamp = ts | date(format="%Y%m%d_%H%M%S") -%}
{% set module_name = "m" ~ stamp ~ "_" ~ plural_snake -%}
to: "migration/src/{{ module_name }}.rs"
skip_glob: "migration/src/m????????_??????_{{ plural_snake }}.rs"
message: "The migration for `{{ plural_snake }}` is there: `cargo loco db migrate && cargo loco db entities`."
injections:
- into: "migration/src/lib.rs"
  before: "inject-above"
  content: "            Box::new({{ module_name }}::Migration),"
- into: "migration/src/lib.rs"
  before: "mod one_by_one;"
  content: "mod {{ module_name }};"
---
use loco_rs::schema::{ColType, create_table_without_timestamps, drop_table};
use sea_orm_migration::{prelude::*{% if references %}, sea_orm::ConnectionTrait{% endif %}};

#[derive(DeriveMigrationName)]
pub struct Migration;

{% if references -%}
/// What refers to a row is found by it, in the order of the lists.
const INDEXES: &[&str] = &[
{%- for reference in references %}
{%- set target = reference.0 | trim_end_matches(pat="?") %}
{%- set field = target | snake_case %}{% set field = field ~ "_id" %}
{%- if reference.1 %}{% set field = reference.1 %}{% endif %}
    "CREATE INDEX {{ plural_snake }}_{{ field }}_idx ON {{ plural_snake }} ({{ field }}, id)",
{%- endfor %}
];

{% endif -%}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create_table_without_timestamps(
            m,
            "{{ plural_snake }}",
            &[
                ("id", ColType::PkUuid),
{%- for reference in references %}
{%- set target = reference.0 | trim_end_matches(pat="?") %}
{%- set field = target | snake_case %}{% set field = field ~ "_id" %}
{%- if reference.1 %}{% set field = reference.1 %}{% endif %}
                ("{{ field }}", ColType::Uuid{% if target != reference.0 %}Null{% endif %}),
{%- endfor %}
{%- for column in columns %}
                ("{{ column.0 }}", ColType::{{ column.1 }}),
{%- endfor %}
                ("created_at", ColType::TimestampWithTimeZone),
                ("updated_at", ColType::TimestampWithTimeZoneNull),
            ],
            // Gone with what they refer to; a reference that may be null is emptied instead.
            &[
{%- for reference in references %}
{%- set target = reference.0 | trim_end_matches(pat="?") %}
{%- set field = target | snake_case %}{% set field = field ~ "_id" %}
{%- if reference.1 %}{% set field = reference.1 %}{% endif %}
                ("{{ reference.0 }}", "{{ field }}"),
{%- endfor %}
            ],
        )
        .await?;
{%- if references %}
        for index in INDEXES {
            m.get_connection().execute_unprepared(index).await?;
        }
{%- endif %}
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_table(m, "{{ plural_snake }}").await
    }
}

{#- src/views/<plural>.rs: what goes out. -#}
to: "src/views/{{ plural }}.rs"
injections:
- into: src/views/mod.rs
  after: "^pub mod account;"
  content: "pub mod {{ plural }};"
---
use chrono::{DateTime,{% if has_day %} NaiveDate,{% endif %} Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::users::{
    optional_utc, utc,
};
use crate::models::{{ plural }}::{
    {% for field in fields %}{% if field.variants %}{{ field.enum_name }},{% endif %}{% endfor %}
    Model,
};

/// A {{ words }}.
#[derive(Debug, Serialize, ToSchema)]
#[schema(title = "{{ pascals }}Public")]
pub struct {{ pascal }}Response {
    pub id: Uuid,
{%- if owner %}
    /// The account that it belongs to.
    {% if owner.nullable %}#[schema(required = true)]
    pub user_id: Option<Uuid>,{% else %}pub user_id: Uuid,{% endif %}
{%- endif %}
{%- for parent in parents %}
    {% if parent.nullable %}#[schema(required = true)]
    pub {{ parent.field }}: Option<Uuid>,{% else %}pub {{ parent.field }}: Uuid,{% endif %}
{%- endfor %}
{%- for field in fields %}
    {% if field.variants -%}
    #[schema({% if field.nullable %}required = true, {% endif %}value_type = {% if field.nullable %}Option<{{ field.enum_name }}>{% else %}{{ field.enum_name }}{% endif %})]
    pub {{ field.name }}: {% if field.nullable %}Option<String>{% else %}String{% endif %},
    {%- elif field.nullable -%}
    {% if field.is_moment %}#[serde(serialize_with = "optional_utc")]
    {% endif %}#[schema(required = true)]
    pub {{ field.name }}: Option<{{ field.rust }}>,
    {%- else -%}
    {% if field.is_moment %}#[serde(serialize_with = "utc")]
    {% endif %}pub {{ field.name }}: {{ field.rust }},
    {%- endif %}
{%- endfor %}
    #[serde(serialize_with = "utc")]
    pub created_at: DateTime<Utc>,
    /// Null until the first change.
    #[serde(serialize_with = "optional_utc")]
    #[schema(required = true)]
    pub updated_at: Option<DateTime<Utc>>,
}

impl From<Model> for {{ pascal }}Response {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
{%- if owner %}
            user_id: row.user_id,
{%- endif %}
{%- for parent in parents %}
            {{ parent.field }}: row.{{ parent.field }},
{%- endfor %}
{%- for field in fields %}
            {{ field.name }}: row.{{ field.name }}{% if field.is_moment %}{% if field.nullable %}.map(|at| at.to_utc()){% else %}.to_utc(){% endif %}{% endif %},
{%- endfor %}
            created_at: row.created_at.to_utc(),
            updated_at: row.updated_at.map(|at| at.to_utc()),
        }
    }
}

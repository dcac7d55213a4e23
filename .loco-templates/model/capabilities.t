{#- src/models/<plural>.rs: who may see a row, what is valid, and every query. -#}
to: "src/models/{{ plural }}.rs"
message: "The model `{{ plural }}` is there."
injections:
- into: src/models/mod.rs
  remove_lines: "^pub mod {{ plural }};$"
  content: ""
- into: src/models/mod.rs
  after: "^pub mod _entities;"
  content: "pub mod {{ plural }};"
- into: src/models/database.rs
  before: "tables-inject"
  content: "            $what::<$crate::models::_entities::{{ plural }}::Entity>($($argument),*).await?,"
- into: src/models/audit_events.rs
  before: "^    AccountRegistered,"
  content: |2-
        {{ pascal }}Created,
        {{ pascal }}Updated,
        {{ pascal }}Deleted,
- into: src/models/audit_events.rs
  before: "Self::AccountRegistered =>"
  content: |2-
                Self::{{ pascal }}Created => "{{ singular }}.created",
                Self::{{ pascal }}Updated => "{{ singular }}.updated",
                Self::{{ pascal }}Deleted => "{{ singular }}.deleted",
- into: src/app.rs
  after: "truncate-inject"
  content: "        truncate_table(&ctx.db, crate::models::{{ plural }}::Entity).await?;"
- into: src/tasks/seed.rs
  before: "seeds-inject"
  content: "    fill::<crate::models::{{ plural }}::ActiveModel>(ctx, base, \"{{ plural }}\").await?;"
---
//! {{ title }}.
{%- if owner %} Each belongs to an account, which alone sees it, besides administrators.
{%- elif through %} Whoever sees a {{ through.words }} sees what belongs to it.
{%- else %} Everybody who is logged in sees them; administrators make and change them.
{%- endif %}
{%- set_global has_required = false %}{% set_global has_nullable = false %}
{%- for column in fields | concat(with=parents) %}{% if column.nullable %}{% set_global has_nullable = true %}{% else %}{% set_global has_required = true %}{% endif %}{% endfor %}

{% if has_moment or has_day -%}
use chrono::{ {%- if has_moment %}DateTime, SubsecRound, Utc,{% endif %}{% if has_day %}NaiveDate,{% endif -%} };
{% endif -%}
use sea_orm::{
    ActiveValue::Set, Condition, ConnectionTrait, IntoActiveModel, QuerySelect, QueryTrait,
    entity::prelude::*, sea_query::{LockType, SelectStatement},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

pub use super::_entities::{{ plural }}::{ActiveModel, Column, Entity, Model};
use super::{
    {% for parent in parents %}{{ parent.table }},{% endfor %}
    {% if parents %}params::Fault,{% endif %}
    Error, Means, Result,
    audit_events::{Action, Event, record},
    cursor::{self, Cursors, Page, Part},
    new_id,
    params::{self, Params, from_text, {% if has_required %}not_null,{% endif %} {% if has_nullable %}nullable,{% endif %}},
    timestamps::stamp,
    transaction,
    users,
};

const DEFAULT_LIMIT: u64 = 50;

impl ActiveModelBehavior for ActiveModel {}
{% for field in fields %}{% if field.variants %}
/// The values of `{{ field.name }}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum {{ field.enum_name }} {
    #[default]
    {% for variant in field.variants %}{{ variant.name }},
    {% endfor %}
}

impl {{ field.enum_name }} {
    pub fn as_str(self) -> &'static str {
        match self {
            {% for variant in field.variants %}Self::{{ variant.name }} => "{{ variant.value }}",
            {% endfor %}
        }
    }
}
{% endif %}{% endfor %}
/// A new {{ words }}.{% if owner %} Its owner is whoever makes it.{% endif %}
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "{{ pascals }}Create")]
pub struct Create{{ pascal }}Params {
{%- for parent in parents %}
    /// The {{ parent.words }} that it belongs to.
    {% if parent.nullable -%}
    pub {{ parent.field }}: Option<Uuid>,
    {%- else -%}
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."))]
    #[schema(required = true, nullable = false, value_type = Uuid)]
    pub {{ parent.field }}: Option<Uuid>,
    {%- endif %}
{%- endfor %}
{%- for field in fields %}
    {% if field.nullable -%}
    {% if field.rule %}#[validate(custom(function = "params::{{ field.rule }}"))]
    {% endif -%}
    #[schema({{ field.nullable_schema }})]
    {%- else -%}
    #[serde(default, deserialize_with = "not_null")]
    #[validate(required(message = "This field is required."){% if field.rule %}, custom(function = "params::{{ field.rule }}"){% endif %})]
    #[schema(required = true, nullable = false, {{ field.schema }})]
    {%- endif %}
    pub {{ field.name }}: Option<{{ field.rust }}>,
{%- endfor %}
}

impl Params for Create{{ pascal }}Params {}

/// What changes. What is left out stays.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "{{ pascals }}Update")]
pub struct Update{{ pascal }}Params {
{%- for parent in parents %}
    /// The {{ parent.words }} that it belongs to.
    {% if parent.nullable -%}
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    pub {{ parent.field }}: Option<Option<Uuid>>,
    {%- else -%}
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Uuid)]
    pub {{ parent.field }}: Option<Uuid>,
    {%- endif %}
{%- endfor %}
{%- for field in fields %}
    {% if field.nullable -%}
    /// `null` clears it.
    #[serde(default, deserialize_with = "nullable")]
    {% if field.rule %}#[validate(custom(function = "params::{{ field.rule }}"))]
    {% endif -%}
    #[schema({{ field.nullable_schema }})]
    pub {{ field.name }}: Option<Option<{{ field.rust }}>>,
    {%- else -%}
    #[serde(default, deserialize_with = "not_null")]
    {% if field.rule %}#[validate(custom(function = "params::{{ field.rule }}"))]
    {% endif -%}
    #[schema(nullable = false, {{ field.schema }})]
    pub {{ field.name }}: Option<{{ field.rust }}>,
    {%- endif %}
{%- endfor %}
}

impl Params for Update{{ pascal }}Params {}

/// Which {{ plural | replace(from="_", to=" ") }}.
#[derive(Clone, Debug, Default, Deserialize, Serialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
{%- if owner %}
    /// Of this account. Only administrators see those of others.
    #[serde(default, deserialize_with = "from_text")]
    pub user_id: Option<Uuid>,
{%- endif %}
{%- for parent in parents %}
    /// Of this {{ parent.words }}.
    #[serde(default, deserialize_with = "from_text")]
    pub {{ parent.field }}: Option<Uuid>,
{%- endfor %}
    /// Rows on a page.
    #[serde(default, deserialize_with = "from_text", skip_serializing)]
    #[validate(range(min = 1, max = 100, message = "A page has 1 to 100 rows."))]
    #[param(minimum = 1, maximum = 100, default = 50)]
    pub limit: Option<u64>,
    /// Where the page begins: `next` of the page before.
    #[serde(default, skip_serializing)]
    pub cursor: Option<String>,
}

impl Params for ListParams {}
{% if owner %}
/// The one place that says who sees which rows, and may change them.
pub fn visible_to(caller: &users::Model) -> Condition {
    if caller.role.sees_everybody() {
        return Condition::all();
    }
    Condition::all().add(Column::UserId.eq(caller.id))
}
{% elif through %}
/// The one place that says who sees which rows, and may change them.
pub fn visible_to(caller: &users::Model) -> Condition {
    let seen = {{ through.table }}::visible_ids(caller);
    Condition::all().add(Column::{{ through.field | pascal_case }}.in_subquery(seen))
}
{% else %}
/// The one place that says who sees which rows.
pub fn visible_to(_: &users::Model) -> Condition {
    Condition::all()
}
{% endif %}
/// The ids of those rows, for queries of what belongs to them.
pub fn visible_ids(caller: &users::Model) -> SelectStatement {
    let ids = Entity::find().select_only().column(Column::Id);
    ids.filter(visible_to(caller)).into_query()
}
{% for parent in parents %}
/// What is referred to must be there, for this caller.
async fn check_{{ parent.singular }}(db: &impl ConnectionTrait, id: Option<Uuid>, caller: &users::Model) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    match {{ parent.table }}::Model::find(db, id, caller).await {
        Err(Error::NotFound) => Err(Error::Invalid(vec![Fault::new(
            "{{ parent.field }}",
            "unknown_{{ parent.singular }}",
            "There is no such {{ parent.words }}.",
        )])),
        found => found.map(drop),
    }
}
{% endfor %}
impl Model {
    /// The row with this id, as far as the caller may see it.
    pub async fn find(db: &impl ConnectionTrait, id: Uuid, caller: &users::Model) -> Result<Self> {
        let found = Entity::find_by_id(id).filter(visible_to(caller)).one(db);
        found.await?.ok_or(Error::NotFound)
    }

    /// The same, which nobody else changes until the transaction ends.
    async fn lock(txn: &impl ConnectionTrait, id: Uuid, caller: &users::Model) -> Result<Self> {
        let row = Entity::find_by_id(id).filter(visible_to(caller));
        let found = row.lock(LockType::Update).one(txn);
        found.await?.ok_or(Error::NotFound)
    }

    /// A page of what the caller may see, the newest first.
    pub async fn page(
        db: &impl ConnectionTrait,
        cursors: &Cursors,
        params: &ListParams,
        caller: &users::Model,
    ) -> Result<Page<Self>> {
        {% if parents or owner %}let mut rows{% else %}let rows{% endif %} = Entity::find().filter(visible_to(caller));
{%- if owner %}
        if let Some(id) = params.user_id {
            rows = rows.filter(Column::UserId.eq(id));
        }
{%- endif %}
{%- for parent in parents %}
        if let Some(id) = params.{{ parent.field }} {
            rows = rows.filter(Column::{{ parent.field | pascal_case }}.eq(id));
        }
{%- endfor %}
        let filters = serde_json::to_string(&(params, caller.id)).unwrap_or_default();
        let part = Part {
            list: &format!("{{ plural }} {filters}"),
            cursor: params.cursor.as_deref(),
            limit: params.limit.unwrap_or(DEFAULT_LIMIT),
        };
        cursor::newest_first(db, cursors, rows, Column::Id, part).await
    }

    /// Make one{% if owner %}; it belongs to the caller{% endif %}.
    ///
    /// # Errors
    /// {% if uniques %}[`Error::Taken`] names the field whose value another one has. {% endif %}{% if parents %}[`Error::Invalid`] when it would belong to what is not there.{% else %}Those of the database.{% endif %}
    pub async fn create(means: Means<'_>, params: Create{{ pascal }}Params, {% if owner or parents %}caller{% else %}_{% endif %}: &users::Model) -> Result<Self> {
        let txn = transaction::begin(means.db).await?;
{%- for parent in parents %}
        check_{{ parent.singular }}(&txn, params.{{ parent.field }}, caller).await?;
{%- endfor %}
        let mut row = ActiveModel {
            id: Set(new_id(means.now)),
{%- if owner %}
            user_id: Set({% if owner.nullable %}Some(caller.id){% else %}caller.id{% endif %}),
{%- endif %}
{%- for parent in parents %}
            {{ parent.field }}: Set(params.{{ parent.field }}{% if not parent.nullable %}.unwrap_or_default(){% endif %}),
{%- endfor %}
{%- for field in fields %}
            {{ field.name }}: Set(params.{{ field.name }}
                {%- if not field.nullable %}.unwrap_or_default(){{ field.conversion }}
                {%- elif field.conversion %}.map(|value| value{{ field.conversion }}){% endif %}),
{%- endfor %}
            updated_at: Set(None),
            ..Default::default()
        };
        stamp(&mut row, means.now);
        let row = row.insert(&txn).await.map_err(|err| Error::of_write(err, UNIQUE))?;
        record(&txn, means, row.event(Action::{{ pascal }}Created)).await?;
        txn.commit().await?;
        Ok(row)
    }

    /// Change one. What is the same already is not written, and not recorded.
    ///
    /// # Errors
    /// [`Error::NotFound`] for what the caller may not see, and as [`Model::create`].
    pub async fn update(id: Uuid, means: Means<'_>, params: Update{{ pascal }}Params, caller: &users::Model) -> Result<Self> {
        let txn = transaction::begin(means.db).await?;
        let before = Self::lock(&txn, id, caller).await?;
        let mut row = before.clone().into_active_model();
{%- for parent in parents %}
        if let Some(value) = params.{{ parent.field }} {
            check_{{ parent.singular }}(&txn, {% if parent.nullable %}value{% else %}Some(value){% endif %}, caller).await?;
            row.{{ parent.field }}.set_if_not_equals(value);
        }
{%- endfor %}
{%- for field in fields %}
        if let Some(value) = params.{{ field.name }} {
            row.{{ field.name }}.set_if_not_equals(value
                {%- if not field.nullable %}{{ field.conversion }}
                {%- elif field.conversion %}.map(|value| value{{ field.conversion }}){% endif %});
        }
{%- endfor %}
        if !row.is_changed() {
            return Ok(before);
        }
        stamp(&mut row, means.now);
        let row = row.update(&txn).await.map_err(|err| Error::of_write(err, UNIQUE))?;
        record(&txn, means, row.event(Action::{{ pascal }}Updated)).await?;
        txn.commit().await?;
        Ok(row)
    }

    /// Delete one, for good.
    ///
    /// # Errors
    /// [`Error::NotFound`] for what the caller may not see.
    pub async fn destroy(id: Uuid, means: Means<'_>, caller: &users::Model) -> Result<()> {
        let txn = transaction::begin(means.db).await?;
        let row = Self::lock(&txn, id, caller).await?;
        Entity::delete_by_id(id).exec(&txn).await?;
        record(&txn, means, row.event(Action::{{ pascal }}Deleted)).await?;
        Ok(txn.commit().await?)
    }

    /// What the trail says of it: never what stands in it.
    fn event(&self, action: Action) -> Event {
{%- if owner and not owner.nullable %}
        Event::of(action, self.user_id).with("{{ singular }}_id", self.id.to_string())
{%- elif owner %}
        let event = self.user_id.map_or_else(|| Event::general(action), |id| Event::of(action, id));
        event.with("{{ singular }}_id", self.id.to_string())
{%- else %}
        Event::general(action).with("{{ singular }}_id", self.id.to_string())
{%- endif %}
    }
}

/// Columns whose values only one row has.
const UNIQUE: &[&str] = &[{% for name in uniques %}"{{ name }}",{% endfor %}];

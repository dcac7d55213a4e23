//! Reading the trail, the newest event first.

use chrono::{DateTime, Utc};
use sea_orm::{Condition, ConnectionTrait, Iterable, entity::prelude::*};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use validator::{Validate, ValidationError};

use super::{Action, Column, Entity, FAILURE, Model, SUCCESS};
use crate::models::{
    Result,
    cursor::{self, Cursors, Page, Part},
    first_id_at,
    params::{Params, from_text, refuse},
};

const DEFAULT_LIMIT: u64 = 50;

/// Which events.
#[derive(Clone, Debug, Default, Deserialize, Serialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// What happened.
    #[serde(default)]
    #[validate(custom(function = "known_action"))]
    #[param(value_type = Action, inline, required = false, example = "login")]
    pub action: Option<String>,
    /// `success` or `failure`.
    #[serde(default)]
    #[validate(custom(function = "known_outcome"))]
    #[param(example = "failure", pattern = "^(success|failure)$")]
    pub outcome: Option<String>,
    /// Who did it.
    #[serde(default, deserialize_with = "from_text")]
    pub actor_id: Option<Uuid>,
    /// To whom.
    #[serde(default, deserialize_with = "from_text")]
    pub subject_id: Option<Uuid>,
    /// From this time on.
    #[serde(default, deserialize_with = "from_text")]
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    #[serde(default, deserialize_with = "from_text")]
    pub to: Option<DateTime<Utc>>,
    /// Events on a page.
    #[serde(default, deserialize_with = "from_text", skip_serializing)]
    #[validate(range(min = 1, max = 100, message = "A page has 1 to 100 rows."))]
    #[param(minimum = 1, maximum = 100, default = 50)]
    pub limit: Option<u64>,
    /// Where the page begins: `next` of the page before.
    #[serde(default, skip_serializing)]
    pub cursor: Option<String>,
}

impl Params for AuditParams {}

fn known_action(action: &str) -> std::result::Result<(), ValidationError> {
    if Action::iter().any(|known| known.as_str() == action) {
        return Ok(());
    }
    refuse("unknown_action", "There is no such action.")
}

fn known_outcome(outcome: &str) -> std::result::Result<(), ValidationError> {
    if [SUCCESS, FAILURE].contains(&outcome) {
        return Ok(());
    }
    refuse("unknown_outcome", "An outcome is success or failure.")
}

/// A page of the trail; `about` confines it to what an account did or had done to it.
pub async fn page(
    db: &impl ConnectionTrait,
    cursors: &Cursors,
    params: &AuditParams,
    about: Option<Uuid>,
) -> Result<Page<Model>> {
    let filters = serde_json::to_string(&(params, about)).unwrap_or_default();
    let part = Part {
        list: &format!("audit {filters}"),
        cursor: params.cursor.as_deref(),
        limit: params.limit.unwrap_or(DEFAULT_LIMIT),
    };
    let rows = Entity::find().filter(matching(params, about));
    cursor::newest_first(db, cursors, rows, Column::Id, part).await
}

fn matching(params: &AuditParams, about: Option<Uuid>) -> Condition {
    let mut all = Condition::all();
    if let Some(action) = &params.action {
        all = all.add(Column::Action.eq(action));
    }
    if let Some(outcome) = &params.outcome {
        all = all.add(Column::Outcome.eq(outcome));
    }
    if let Some(id) = params.actor_id {
        all = all.add(Column::ActorId.eq(id));
    }
    if let Some(id) = params.subject_id {
        all = all.add(Column::SubjectId.eq(id));
    }
    // An id begins with the time in milliseconds, so that the order of the list finds the place.
    if let Some(from) = params.from {
        all = all
            .add(Column::Id.gte(first_id_at(from)))
            .add(Column::OccurredAt.gte(from.fixed_offset()));
    }
    if let Some(to) = params.to {
        all = all
            .add(Column::Id.lt(first_id_at(to + chrono::Duration::milliseconds(1))))
            .add(Column::OccurredAt.lt(to.fixed_offset()));
    }
    if let Some(user_id) = about {
        all = all.add(
            Condition::any()
                .add(Column::ActorId.eq(user_id))
                .add(Column::SubjectId.eq(user_id)),
        );
    }
    all
}

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::users::utc;
use crate::models::audit_events::Model;

/// An event of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEvent {
    pub id: Uuid,
    /// Its place in the chain; null for the first moments.
    #[schema(required = true)]
    pub sequence: Option<i64>,
    #[serde(serialize_with = "utc")]
    pub occurred_at: DateTime<Utc>,
    #[schema(example = "login")]
    pub action: String,
    #[schema(example = "success")]
    pub outcome: String,
    /// `anonymous`, `user`, `operator` or `system`.
    #[schema(example = "user")]
    pub actor_kind: String,
    #[schema(required = true)]
    pub actor_id: Option<Uuid>,
    #[schema(required = true)]
    pub subject_id: Option<Uuid>,
    #[schema(required = true)]
    pub session_id: Option<Uuid>,
    #[schema(required = true)]
    pub request_id: Option<String>,
    /// Null when it was not over the network, and once its user has been purged.
    #[schema(required = true, example = "192.0.2.1")]
    pub ip_address: Option<String>,
    #[schema(value_type = Object)]
    pub details: Value,
    #[schema(required = true)]
    pub hash: Option<String>,
}

impl From<Model> for AuditEvent {
    fn from(event: Model) -> Self {
        Self {
            id: event.id,
            sequence: event.sequence,
            occurred_at: event.occurred_at.to_utc(),
            details: serde_json::from_str(&event.details).unwrap_or_default(),
            action: event.action,
            outcome: event.outcome,
            actor_kind: event.actor_kind,
            actor_id: event.actor_id,
            subject_id: event.subject_id,
            session_id: event.session_id,
            request_id: event.request_id,
            ip_address: event.ip_address,
            hash: event.hash,
        }
    }
}

/// An event, as the one whom it is about sees it. Who else had a hand in it is not told, but whether it
/// was somebody else.
#[derive(Debug, Serialize, ToSchema)]
pub struct Activity {
    pub id: Uuid,
    #[serde(serialize_with = "utc")]
    pub occurred_at: DateTime<Utc>,
    #[schema(example = "login")]
    pub action: String,
    #[schema(example = "success")]
    pub outcome: String,
    pub by_me: bool,
    /// One's own; null when it was somebody else's.
    #[schema(required = true)]
    pub session_id: Option<Uuid>,
    /// One's own; null when it was somebody else's.
    #[schema(required = true, example = "192.0.2.1")]
    pub ip_address: Option<String>,
    #[schema(value_type = Object)]
    pub details: Value,
}

impl Activity {
    pub fn new(event: Model, me: Uuid) -> Self {
        let by_me = event.actor_id == Some(me);
        // Whoever logs in or fails to is nobody yet.
        let is_told = by_me || event.actor_kind == "anonymous";
        Self {
            id: event.id,
            occurred_at: event.occurred_at.to_utc(),
            details: serde_json::from_str(&event.details).unwrap_or_default(),
            action: event.action,
            outcome: event.outcome,
            by_me,
            session_id: event.session_id.filter(|_| is_told),
            ip_address: event.ip_address.filter(|_| is_told),
        }
    }
}

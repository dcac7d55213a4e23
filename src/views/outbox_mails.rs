use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::users::{optional_utc, utc};
use crate::models::outbox_mails::Model;

/// A mail that is owed or was, for an operator.
#[derive(Debug, Serialize)]
pub struct OutboxMail {
    pub id: Uuid,
    pub kind: String,
    pub recipient: String,
    pub status: String,
    pub attempts: i64,
    #[serde(serialize_with = "utc")]
    pub next_attempt_at: DateTime<Utc>,
    pub last_error: Option<String>,
    #[serde(serialize_with = "utc")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "optional_utc")]
    pub ended_at: Option<DateTime<Utc>>,
}

impl From<Model> for OutboxMail {
    fn from(mail: Model) -> Self {
        Self {
            id: mail.id,
            kind: mail.kind,
            recipient: mail.recipient,
            status: mail.status,
            attempts: mail.attempts,
            next_attempt_at: mail.next_attempt_at.to_utc(),
            last_error: mail.last_error,
            created_at: mail.created_at.to_utc(),
            ended_at: mail.ended_at.map(|at| at.to_utc()),
        }
    }
}

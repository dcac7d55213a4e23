use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    admin::AdminUserResponse,
    audit::Activity,
    outbox_mails::OutboxMail,
    users::{optional_utc, utc},
};
use crate::models::{
    sessions,
    users::{self, export::Everything},
};

/// Everything that is held about the caller (GDPR, articles 15 and 20).
#[derive(Debug, Serialize, ToSchema)]
pub struct Export {
    #[serde(serialize_with = "utc")]
    pub exported_at: DateTime<Utc>,
    pub account: AdminUserResponse,
    pub sessions: Vec<ExportedSession>,
    /// Mails that were sent or are owed, as long as they are kept.
    #[schema(value_type = Vec<Object>)]
    pub mails: Vec<OutboxMail>,
    pub activity: Vec<Activity>,
    /// Is there older activity than what is here?
    pub activity_is_truncated: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedSession {
    pub id: Uuid,
    #[serde(serialize_with = "utc")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "utc")]
    pub last_seen_at: DateTime<Utc>,
    #[serde(serialize_with = "utc")]
    pub expires_at: DateTime<Utc>,
    #[serde(serialize_with = "optional_utc")]
    #[schema(required = true)]
    pub revoked_at: Option<DateTime<Utc>>,
    pub authentication_method: String,
    #[schema(required = true)]
    pub ip_address: Option<String>,
    #[schema(required = true)]
    pub user_agent: Option<String>,
}

impl From<sessions::Model> for ExportedSession {
    fn from(session: sessions::Model) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at.to_utc(),
            last_seen_at: session.last_seen_at.to_utc(),
            expires_at: session.expires_at.to_utc(),
            revoked_at: session.revoked_at.map(|at| at.to_utc()),
            authentication_method: session.authentication_method,
            ip_address: session.ip_address,
            user_agent: session.user_agent,
        }
    }
}

impl Export {
    pub fn new(everything: Everything, user: users::Model, now: DateTime<Utc>) -> Self {
        let me = user.id;
        let activity = everything.activity.rows.into_iter();
        Self {
            exported_at: now,
            account: AdminUserResponse::new(user, now),
            sessions: everything.sessions.into_iter().map(Into::into).collect(),
            mails: everything.mails.into_iter().map(Into::into).collect(),
            activity: activity.map(|event| Activity::new(event, me)).collect(),
            activity_is_truncated: everything.activity.next.is_some(),
        }
    }
}

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::users::utc;
use crate::models::sessions::{Model, device};

/// A login on a device.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionResponse {
    pub id: Uuid,
    /// Is it the session of this request?
    pub current: bool,
    /// From the user agent.
    #[schema(example = "Firefox on Linux")]
    pub device: String,
    #[schema(required = true, example = "192.0.2.1")]
    pub ip_address: Option<String>,
    #[schema(example = "password")]
    pub authentication_method: String,
    #[serde(serialize_with = "utc")]
    pub created_at: DateTime<Utc>,
    /// To the minute.
    #[serde(serialize_with = "utc")]
    pub last_seen_at: DateTime<Utc>,
    /// It ends then, or earlier when it is not used.
    #[serde(serialize_with = "utc")]
    pub expires_at: DateTime<Utc>,
}

impl SessionResponse {
    pub fn new(session: Model, current: Uuid) -> Self {
        Self {
            id: session.id,
            current: session.id == current,
            device: device::name(session.user_agent.as_deref()),
            ip_address: session.ip_address,
            authentication_method: session.authentication_method,
            created_at: session.created_at.to_utc(),
            last_seen_at: session.last_seen_at.to_utc(),
            expires_at: session.expires_at.to_utc(),
        }
    }
}

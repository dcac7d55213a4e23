use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::models::users::{Model, Role};

/// An account, as its owner and administrators see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(title = "UsersPublic")]
pub struct UserResponse {
    pub id: Uuid,
    #[schema(example = "testuser")]
    pub username: String,
    #[schema(format = Email, example = "testuser@example.com")]
    pub email: String,
    #[schema(required = true, example = "Test")]
    pub first_name: Option<String>,
    #[schema(required = true, example = "User")]
    pub last_name: Option<String>,
    #[schema(required = true, example = "+1234567890")]
    pub phone_number: Option<String>,
    pub role: Role,
    #[schema(example = true)]
    pub is_active: bool,
}

impl From<Model> for UserResponse {
    fn from(user: Model) -> Self {
        Self {
            id: user.id,
            username: user.username,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            phone_number: user.phone_number,
            role: user.role,
            is_active: user.is_active,
        }
    }
}

/// A new account, with its time stamps.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisteredUser {
    #[serde(flatten)]
    pub user: UserResponse,
    #[serde(serialize_with = "utc")]
    #[schema(example = "2025-05-06T16:40:09Z")]
    pub created_at: DateTime<Utc>,
    /// Null until the first change.
    #[serde(serialize_with = "optional_utc")]
    #[schema(required = true, example = json!(null))]
    pub updated_at: Option<DateTime<Utc>>,
    /// Null while the account lives.
    #[serde(serialize_with = "optional_utc")]
    #[schema(required = true, example = json!(null))]
    pub deleted_at: Option<DateTime<Utc>>,
}

impl From<Model> for RegisteredUser {
    fn from(user: Model) -> Self {
        Self {
            created_at: user.created_at.to_utc(),
            updated_at: user.updated_at.map(|at| at.to_utc()),
            deleted_at: user.deleted_at.map(|at| at.to_utc()),
            user: user.into(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    #[schema(example = "Admin access granted")]
    pub message: &'static str,
}

/// RFC 3339, UTC, ending in `Z`.
pub fn utc<S: Serializer>(at: &DateTime<Utc>, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

pub fn optional_utc<S: Serializer>(at: &Option<DateTime<Utc>>, s: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => utc(at, s),
        None => s.serialize_none(),
    }
}

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::users::{UserResponse, optional_utc, utc};
use crate::models::users::Model;

/// What an account is at this moment.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    Suspended,
    Unverified,
    Deleted,
}

/// An account, as administrators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminUserResponse {
    #[serde(flatten)]
    pub user: UserResponse,
    pub status: Status,
    #[schema(required = true, example = "en")]
    pub locale: Option<String>,
    #[serde(serialize_with = "utc")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "optional_utc")]
    #[schema(required = true)]
    pub updated_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "optional_utc")]
    #[schema(required = true)]
    pub deleted_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "optional_utc")]
    #[schema(required = true)]
    pub email_verified_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "optional_utc")]
    #[schema(required = true)]
    pub last_login_at: Option<DateTime<Utc>>,
    /// Null while it is not suspended, and when the suspension has no end.
    #[serde(serialize_with = "optional_utc")]
    #[schema(required = true)]
    pub suspended_until: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub suspension_reason: Option<String>,
    /// False until a password has been chosen, and after a forced reset.
    pub has_password: bool,
}

impl AdminUserResponse {
    pub fn new(user: Model, now: DateTime<Utc>) -> Self {
        let status = if user.is_deleted() {
            Status::Deleted
        } else if user.is_suspended(now) {
            Status::Suspended
        } else if user.is_verified() {
            Status::Active
        } else {
            Status::Unverified
        };
        Self {
            status,
            locale: user.locale.clone(),
            created_at: user.created_at.to_utc(),
            updated_at: user.updated_at.map(|at| at.to_utc()),
            deleted_at: user.deleted_at.map(|at| at.to_utc()),
            email_verified_at: user.email_verified_at.map(|at| at.to_utc()),
            last_login_at: user.last_login_at.map(|at| at.to_utc()),
            suspended_until: user.suspended_until.map(|at| at.to_utc()),
            suspension_reason: user.suspension_reason.clone(),
            has_password: user.has_password(),
            user: user.into(),
        }
    }
}

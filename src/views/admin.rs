use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::users::{UserResponse, optional_utc, utc};
use crate::models::{
    params::Fault,
    users::{Model, import::BatchOutcome},
};

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

/// What became of the accounts of a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResponse {
    pub accepted: Vec<Accepted>,
    pub rejected: Vec<Rejected>,
}

/// An account that is in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// Its place in the request; the first is 0.
    pub index: u64,
    pub id: Uuid,
}

/// An account that is not.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rejected {
    /// Its place in the request; the first is 0.
    pub index: u64,
    /// Why; the pointers are into the body of the request.
    pub errors: Vec<Fault>,
}

impl From<BatchOutcome> for BatchResponse {
    fn from(outcome: BatchOutcome) -> Self {
        let accepted = outcome.accepted.into_iter();
        let rejected = outcome.rejected.into_iter();
        Self {
            accepted: accepted.map(|(index, id)| Accepted { index, id }).collect(),
            rejected: rejected
                .map(|(index, faults)| Rejected {
                    index,
                    errors: faults
                        .into_iter()
                        .map(|fault| fault.under(&format!("/users/{index}")))
                        .collect(),
                })
                .collect(),
        }
    }
}

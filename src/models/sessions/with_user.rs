//! A session and its user: the query of every request that is not answered from memory. Its statement is
//! written once, and its answer read by place; by name, as usual, both cost more than the query itself.

use std::sync::OnceLock;

use sea_orm::{ConnectionTrait, DatabaseBackend, EntityTrait, QuerySelect, QueryTrait, Statement};
use uuid::Uuid;

use super::Model;
use crate::models::{self, Result};

/// The columns and how they are read, from one list: a column more does not compile without its line.
macro_rules! row {
    ($table:ident { $($field:ident: $column:ident),+ $(,)? }) => {
        mod $table {
            use sea_orm::{DbErr, QueryResult};

            use crate::models::$table::{Column, Model};

            pub const COLUMNS: &[Column] = &[$(Column::$column),+];

            /// From this place on.
            pub fn read(row: &QueryResult, first: usize) -> Result<Model, DbErr> {
                let mut place = first;
                let mut next = || {
                    place += 1;
                    place - 1
                };
                Ok(Model { $($field: row.try_get_by_index(next())?),+ })
            }
        }
    };
}

row!(sessions {
    id: Id,
    user_id: UserId,
    created_at: CreatedAt,
    last_seen_at: LastSeenAt,
    idle_expires_at: IdleExpiresAt,
    expires_at: ExpiresAt,
    authenticated_at: AuthenticatedAt,
    authentication_method: AuthenticationMethod,
    ip_address: IpAddress,
    user_agent: UserAgent,
    refresh_digest: RefreshDigest,
    previous_digest: PreviousDigest,
    rotated_at: RotatedAt,
    revoked_at: RevokedAt,
    revoked_reason: RevokedReason,
});

row!(users {
    id: Id,
    username: Username,
    email: Email,
    first_name: FirstName,
    last_name: LastName,
    phone_number: PhoneNumber,
    role: Role,
    is_active: IsActive,
    hashed_password: HashedPassword,
    created_at: CreatedAt,
    updated_at: UpdatedAt,
    deleted_at: DeletedAt,
    username_canonical: UsernameCanonical,
    email_canonical: EmailCanonical,
    email_verified_at: EmailVerifiedAt,
    locale: Locale,
    last_login_at: LastLoginAt,
    suspended_until: SuspendedUntil,
    suspension_reason: SuspensionReason,
    search_text: SearchText,
});

impl Model {
    /// By the primary key.
    pub async fn find_with_user(
        db: &impl ConnectionTrait,
        id: Uuid,
    ) -> Result<Option<(Self, models::users::Model)>> {
        let backend = db.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql(backend), [id.into()]);
        let Some(row) = db.query_one_raw(statement).await? else {
            return Ok(None);
        };
        let session = sessions::read(&row, 0)?;
        let user = users::read(&row, sessions::COLUMNS.len())?;
        Ok(Some((session, user)))
    }
}

fn sql(backend: DatabaseBackend) -> &'static str {
    static POSTGRES: OnceLock<String> = OnceLock::new();
    static SQLITE: OnceLock<String> = OnceLock::new();
    let written = match backend {
        DatabaseBackend::Postgres => &POSTGRES,
        _ => &SQLITE,
    };
    written.get_or_init(|| {
        let mut select = super::Entity::find_by_id(Uuid::nil())
            .select_only()
            .inner_join(models::users::Entity);
        for column in sessions::COLUMNS {
            select = select.column(*column);
        }
        for column in users::COLUMNS {
            select = select.column(*column);
        }
        select.build(backend).sql
    })
}

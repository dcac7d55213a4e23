//! A session and its user: the query of every request that is not answered from memory. Its statement is
//! written once, and its answer read by place; by name, as usual, both cost more than the query itself.

use std::{
    iter,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
};

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait, QueryFilter, QueryResult,
    QuerySelect, QueryTrait, Statement, Value,
};
use uuid::Uuid;

use super::{Column, Model};
use crate::models::{self, Result};

/// Sessions in a query.
pub const MOST: usize = 32;

/// Statements: for 1, 2, 4, … ids.
const SIZES: usize = MOST.ilog2() as usize + 1;

type WithUser = Result<(Model, models::users::Model), DbErr>;

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
        let found = Self::find_with_users(db, &[id]).await?.pop();
        Ok(found.map(|(_, read)| read).transpose()?)
    }

    /// Those of these that there are, in any order. A row that cannot be read is an error of its own.
    pub async fn find_with_users(
        db: &impl ConnectionTrait,
        ids: &[Uuid],
    ) -> Result<Vec<(Uuid, WithUser)>, DbErr> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(MOST) {
            let rows = db.query_all_raw(statement(db.get_database_backend(), ids));
            for row in rows.await? {
                found.push((row.try_get_by_index(0)?, read(&row)));
            }
        }
        Ok(found)
    }
}

fn read(row: &QueryResult) -> WithUser {
    let read = || {
        let session = sessions::read(row, 0)?;
        let user = users::read(row, sessions::COLUMNS.len())?;
        Ok((session, user))
    };
    // The driver panics at times that PostgreSQL can keep and chrono cannot: those of other rows go on.
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(DbErr::Type("a row that cannot be read".into())))
}

/// Of a few sizes, so that each is prepared once: the first id fills what is left.
fn statement(backend: DatabaseBackend, ids: &[Uuid]) -> Statement {
    let size = ids.len().next_power_of_two();
    let filled = ids.iter().chain(iter::repeat(&ids[0])).take(size);
    let values: Vec<Value> = filled.map(|id| (*id).into()).collect();
    Statement::from_sql_and_values(backend, sql(backend, size), values)
}

/// For so many ids, a power of two.
fn sql(backend: DatabaseBackend, size: usize) -> &'static str {
    static POSTGRES: [OnceLock<String>; SIZES] = [const { OnceLock::new() }; SIZES];
    static SQLITE: [OnceLock<String>; SIZES] = [const { OnceLock::new() }; SIZES];
    let written = match backend {
        DatabaseBackend::Postgres => &POSTGRES,
        _ => &SQLITE,
    };
    written[size.ilog2() as usize].get_or_init(|| {
        let mut select = super::Entity::find()
            .select_only()
            .inner_join(models::users::Entity)
            .filter(Column::Id.is_in(vec![Uuid::nil(); size]));
        for column in sessions::COLUMNS {
            select = select.column(*column);
        }
        for column in users::COLUMNS {
            select = select.column(*column);
        }
        select.build(backend).sql
    })
}

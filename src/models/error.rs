//! What can go wrong with a model, in the model's own words. `views::problem` turns it into HTTP.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

use super::params::Fault;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such row, or none that the caller may see: the two are never told apart.
    #[error("not found")]
    NotFound,
    /// The values break rules of the model.
    #[error("invalid: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Fault>),
    /// A living account has this identifier already.
    #[error("{field} is already taken")]
    Taken { field: &'static str },
    /// The caller may not give this role.
    #[error("only an administrator may give the role `{role}`")]
    RoleNotAllowed { role: &'static str },
    /// Unknown identifier, wrong password or an account that may not log in: never told apart.
    #[error("the credentials are wrong")]
    InvalidCredentials,
    /// A refresh token that is spent, of an ended session, or not ours.
    #[error("the refresh token is not valid")]
    InvalidRefreshToken,
    /// The session of a token is ended or expired, or its user may not act.
    #[error("the session has ended")]
    SessionEnded,
    /// Too many failures: try again after this time.
    #[error("too many failed attempts")]
    Throttled { wait: chrono::Duration },
    /// The password must be shown again before this change.
    #[error("the current password is needed")]
    ReauthenticationRequired,
    /// Without this account nobody could administer the system.
    #[error("this is the last active administrator")]
    LastAdmin,
    /// More work is waiting than can be done in time.
    #[error("too much work is waiting: {0}")]
    Overloaded(&'static str),
    #[error(transparent)]
    Database(DbErr),
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Of a write to a table with these unique columns. What the row refers to may be gone meanwhile.
    pub fn of_write(err: DbErr, unique: &[&'static str]) -> Self {
        match err.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(message)) => unique
                .iter()
                .find(|field| message.contains(**field))
                .map_or_else(|| err.into(), |field| Self::Taken { field }),
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => Self::NotFound,
            _ => err.into(),
        }
    }
}

impl From<DbErr> for Error {
    fn from(err: DbErr) -> Self {
        match err {
            DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => Self::NotFound,
            err => Self::Database(err),
        }
    }
}

/// For tasks: the message, without a backtrace around it.
impl From<Error> for loco_rs::Error {
    fn from(err: Error) -> Self {
        match err {
            Error::Database(err) => Self::DB(err),
            err => Self::Message(err.to_string()),
        }
    }
}

/// Is the database out of reach, out of room or out of connections (try again later), as opposed to
/// refusing a statement (a fault of ours)?
pub fn is_outage(err: &DbErr) -> bool {
    match err {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(err)) | DbErr::Query(RuntimeErr::SqlxError(err)) => {
            is_outage_of(err)
        }
        _ => false,
    }
}

/// The same of the driver's error.
pub fn is_outage_of(err: &sqlx::Error) -> bool {
    match err {
        sqlx::Error::Database(err) => err.code().is_some_and(|code| is_outage_code(&code)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// SQLSTATE classes of PostgreSQL (appendix A of its manual), or a result code of SQLite, whose low
/// byte is the primary one.
fn is_outage_code(code: &str) -> bool {
    const CONNECTION: &str = "08";
    const OUT_OF_RESOURCES: &str = "53";
    const OPERATOR_INTERVENTION: &str = "57";
    const SYSTEM_ERROR: &str = "58";
    const READ_ONLY_TRANSACTION: &str = "25006";
    const LOCK_NOT_AVAILABLE: &str = "55P03";
    // BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN
    const SQLITE: [u32; 7] = [5, 6, 7, 8, 10, 13, 14];

    if code.len() == 5 {
        let class = &code[..2];
        return [
            CONNECTION,
            OUT_OF_RESOURCES,
            OPERATOR_INTERVENTION,
            SYSTEM_ERROR,
        ]
        .contains(&class)
            || [READ_ONLY_TRANSACTION, LOCK_NOT_AVAILABLE].contains(&code);
    }
    code.parse::<u32>()
        .is_ok_and(|code| SQLITE.contains(&(code & 0xff)))
}

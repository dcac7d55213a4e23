//! Are the tables those of this version?

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbErr};

use crate::models::{Error, Result};

/// Refuse a database that is older or newer than this program.
///
/// # Errors
/// [`Error::Internal`] that says which of the two, and what to do.
pub async fn check(db: &impl ConnectionTrait, which: &str) -> Result<()> {
    match pending(db, which).await? {
        0 => Ok(()),
        pending => Err(Error::Internal(format!(
            "{which} is of an older version: migrations are pending ({pending}); run `db migrate` on it first"
        ))),
    }
}

/// How many migrations are yet to be done there.
///
/// # Errors
/// [`Error::Internal`] when it is newer than this program.
pub async fn pending(db: &impl ConnectionTrait, which: &str) -> Result<usize> {
    match Migrator::get_pending_migrations_read_only(db).await {
        Ok(pending) => Ok(pending.len()),
        Err(DbErr::Custom(missing)) => Err(Error::Internal(format!(
            "{which} is of a newer version than this program: {missing}; start the version that migrated it"
        ))),
        Err(err) => Err(err.into()),
    }
}

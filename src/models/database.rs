//! A whole database at a time: copied to another one, backed up, restored.

use sea_orm::{
    ConnectionTrait, EntityName, EntityTrait, IntoActiveModel, Iterable, PaginatorTrait,
    PrimaryKeyToColumn,
};
use serde::Serialize;

use super::{Error, Result, params::Fault};

pub mod backup;
pub mod copy;
pub mod pool;
pub mod probe;
pub mod queue;
pub mod restore;
pub mod schema;

/// A table of ours: its rows have an id.
pub trait Table:
    EntityTrait<
        Model: IntoActiveModel<Self::ActiveModel> + Serialize + Send + Sync,
        ActiveModel: Send,
        PrimaryKey: PrimaryKeyToColumn<Column = Self::Column>,
    >
{
    fn id() -> Self::Column {
        let mut keys = Self::PrimaryKey::iter();
        keys.next()
            .expect("a table has a primary key")
            .into_column()
    }
}

impl<E> Table for E where
    E: EntityTrait<
            Model: IntoActiveModel<E::ActiveModel> + Serialize + Send + Sync,
            ActiveModel: Send,
            PrimaryKey: PrimaryKeyToColumn<Column = E::Column>,
        >
{
}

/// The same for each table; those that others refer to come first.
macro_rules! each_table {
    ($what:ident($($argument:expr),*)) => {
        [
            $what::<$crate::models::_entities::users::Entity>($($argument),*).await?,
            $what::<$crate::models::_entities::sessions::Entity>($($argument),*).await?,
            $what::<$crate::models::_entities::one_time_tokens::Entity>($($argument),*).await?,
            $what::<$crate::models::_entities::outbox_mails::Entity>($($argument),*).await?,
            $what::<$crate::models::_entities::throttles::Entity>($($argument),*).await?,
            $what::<$crate::models::_entities::leases::Entity>($($argument),*).await?,
            $what::<$crate::models::_entities::imports::Entity>($($argument),*).await?,
            $what::<$crate::models::_entities::audit_anchors::Entity>($($argument),*).await?,
            $what::<$crate::models::_entities::audit_events::Entity>($($argument),*).await?,
            // tables-inject (do not remove)
        ]
    };
}
use each_table;

/// A table and how many rows it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    pub table: &'static str,
    pub rows: u64,
}

/// How many rows each table has.
pub async fn counts(db: &impl ConnectionTrait) -> Result<Vec<Count>> {
    Ok(each_table!(count(db)).to_vec())
}

async fn count<E: Table>(db: &impl ConnectionTrait) -> Result<Count> {
    Ok(Count {
        table: table_name::<E>(),
        rows: E::find().count(db).await?,
    })
}

fn table_name<E: Table>() -> &'static str {
    EntityName::table_name(&E::default())
}

/// A database's URI without user, password and options: what may be printed.
pub fn shown(uri: &str) -> String {
    let (scheme, rest) = uri.split_once("://").unwrap_or(("", uri));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    // A password may have a slash in it that is not encoded.
    let place = rest.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{place}")
}

fn refused(field: &'static str, what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::Invalid(vec![Fault::new(field, "refused", what)])
}

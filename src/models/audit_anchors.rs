//! Where the audit trail begins, once its oldest part has been cut off: the place and the hash of the
//! last event that is gone, signed, so that nobody else can have cut it.

use sea_orm::{ConnectionTrait, QueryOrder, entity::prelude::*};

pub use super::_entities::audit_anchors::{ActiveModel, Column, Entity, Model};
use super::Result;

impl ActiveModelBehavior for ActiveModel {}

/// The anchor that the trail begins after, if any.
pub async fn latest(db: &impl ConnectionTrait) -> Result<Option<Model>> {
    let query = Entity::find().order_by_desc(Column::Sequence);
    Ok(query.one(db).await?)
}

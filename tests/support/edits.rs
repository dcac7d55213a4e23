//! What a test does to rows and to time behind the service's back.

use chrono::{DateTime, Duration, Utc};
use rollcall::models::{
    sessions,
    users::{self, Role},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{Client, Service};

impl Client {
    pub fn uuid(&self) -> Uuid {
        self.id().parse().expect("a UUID")
    }
}

impl Service {
    /// Change an account's row, as another process does it; what this one remembers is forgotten.
    pub async fn edit_user(&self, id: Uuid, edit: impl FnOnce(&mut users::ActiveModel)) {
        let mut row = users::ActiveModel {
            id: Set(id),
            ..Default::default()
        };
        edit(&mut row);
        row.update(&self.ctx.db).await.expect("the row to change");
        self.rollcall.sessions.authentications.forget_all();
    }

    pub async fn suspend(&self, id: Uuid) {
        self.edit_user(id, |row| row.is_active = Set(false)).await;
    }

    pub async fn give_role(&self, id: Uuid, role: Role) {
        self.edit_user(id, |row| row.role = Set(role)).await;
    }

    /// An account's sessions, ended or not.
    pub async fn sessions_of(&self, user: Uuid) -> Vec<sessions::Model> {
        let query = sessions::Entity::find().filter(sessions::Column::UserId.eq(user));
        query.all(&self.ctx.db).await.expect("the rows")
    }

    /// How many of them have not been ended.
    pub async fn open_sessions(&self, user: Uuid) -> usize {
        let sessions = self.sessions_of(user).await;
        sessions.iter().filter(|s| s.revoked_at.is_none()).count()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.rollcall.clock.now()
    }

    pub fn advance(&self, by: Duration) {
        self.rollcall.clock.advance(by);
    }

    /// Set the clock, so that no time counts that the machine took.
    pub fn set_clock(&self, to: DateTime<Utc>) {
        self.advance(to - self.now());
    }
}

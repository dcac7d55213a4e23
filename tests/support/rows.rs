//! What a test reads from the database, and changes there behind the service's back.

use rollcall::models::{
    Means,
    audit_events::Actor,
    outbox_mails,
    sessions::authentications::Authentications,
    throttles,
    users::{self, Role},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};

use super::{Client, PASSWORD, Service};

impl Service {
    /// The row of this persona, deleted or not.
    pub async fn row(&self, client: &Client) -> users::Model {
        let id = client.id().parse().expect("a UUID");
        users::Model::find_by_id(&self.ctx.db, id)
            .await
            .expect("a row")
    }

    /// What is kept in memory: a change behind the service's back is heard of a moment later, and a
    /// test that does not wait for that forgets it at once.
    pub fn authentications(&self) -> &Authentications {
        &self.rollcall.sessions.authentications
    }

    /// What is counted of failed logins. Mails are counted in the same table.
    pub async fn counts(&self) -> Vec<throttles::Model> {
        let mails = outbox_mails::Entity::find().all(&self.ctx.db).await;
        let asked: Vec<_> = mails
            .expect("the mails")
            .iter()
            .map(|m| m.created_at)
            .collect();
        let rows = throttles::Entity::find().all(&self.ctx.db).await;
        let mut rows = rows.expect("the rows");
        // Counted at the very moment when the mail was ordered.
        rows.retain(|row| !asked.contains(&row.failed_at));
        rows
    }

    /// What the models need, when nobody in particular asks.
    pub fn means(&self) -> Means<'_> {
        self.rollcall.means(Actor::SYSTEM)
    }

    /// How many accounts live.
    pub async fn accounts(&self) -> usize {
        let newest = users::Model::newest(&self.ctx.db, 1000).await;
        newest.expect("the rows").len()
    }

    /// Give this persona another role, as an operator would.
    pub async fn assign_role(&self, client: &Client, role: Role) {
        let row = self.row(client).await;
        row.assign_role(self.means(), role, false)
            .await
            .expect("another role");
    }

    pub async fn deactivate(&self, client: &Client) {
        let mut row = self.row(client).await.into_active_model();
        row.is_active = Set(false);
        row.update(&self.ctx.db).await.expect("an inactive account");
        self.authentications().forget_all();
    }

    /// An administrator where nobody may register as one.
    pub async fn promoted(&self, username: &str) -> Client {
        let client = self.member(username).await;
        self.assign_role(&client, Role::Admin).await;
        let mut promoted = self.log_in(username, PASSWORD).await;
        promoted.user = client.user;
        promoted
    }
}

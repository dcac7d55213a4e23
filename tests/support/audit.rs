//! What a test reads of the audit trail.

use rollcall::models::audit_events::{
    self,
    chain::{self, Head, Verdict},
    sealing,
};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::Value;
use uuid::Uuid;

use super::Service;

impl Service {
    /// All events in the order in which they were written.
    pub async fn events(&self) -> Vec<audit_events::Model> {
        let rows = audit_events::Entity::find().all(&self.ctx.db).await;
        let mut rows = rows.expect("the events");
        rows.sort_by_key(|event| (event.occurred_at, event.id));
        rows
    }

    /// Action and outcome of what this account did or had done to it.
    pub async fn trail_of(&self, user: Uuid) -> Vec<(String, String)> {
        let mut events = self.events().await;
        events.retain(|event| event.subject_id == Some(user) || event.actor_id == Some(user));
        events
            .into_iter()
            .map(|event| (event.action, event.outcome))
            .collect()
    }

    /// The latest event of this kind.
    pub async fn last_event(&self, action: &str) -> audit_events::Model {
        let mut events = self.events().await;
        events.retain(|event| event.action == action);
        events.pop().unwrap_or_else(|| panic!("no event {action}"))
    }

    /// Put all events into the chain.
    pub async fn seal(&self) {
        sealing::seal_all(&self.ctx.db).await.expect("to seal");
    }

    pub async fn verify(&self, kept: Option<&Head>) -> Verdict {
        let signer = &self.rollcall.audit_signer;
        let verdict = chain::verify(&self.ctx.db, signer, kept, |_| {}).await;
        verdict.expect("a verdict")
    }

    pub async fn head(&self) -> Head {
        let signer = &self.rollcall.audit_signer;
        let head = chain::head(&self.ctx.db, signer, self.now()).await;
        head.expect("a head")
    }

    /// What somebody with a shell does to the database.
    pub async fn in_a_shell(&self, sql: &str) -> Result<(), String> {
        let done = self.ctx.db.execute_unprepared(sql).await;
        done.map(|_| ()).map_err(|err| err.to_string())
    }

    /// As somebody who owns the tables can: without the triggers that protect the trail.
    pub async fn without_triggers(&self) {
        let statements: &[&str] = if self.is_postgres() {
            &[
                "ALTER TABLE audit_events DISABLE TRIGGER USER",
                "ALTER TABLE audit_anchors DISABLE TRIGGER USER",
            ]
        } else {
            &[
                "DROP TRIGGER audit_events_no_update",
                "DROP TRIGGER audit_events_no_delete",
                "DROP TRIGGER audit_anchors_no_update",
                "DROP TRIGGER audit_anchors_no_delete",
            ]
        };
        for statement in statements {
            self.in_a_shell(statement).await.expect("no triggers");
        }
    }

    pub fn is_postgres(&self) -> bool {
        self.ctx.db.get_database_backend() == sea_orm::DatabaseBackend::Postgres
    }
}

/// The details of an event.
pub fn details(event: &audit_events::Model) -> Value {
    serde_json::from_str(&event.details).expect("JSON")
}

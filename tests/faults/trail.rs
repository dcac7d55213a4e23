//! Rows and what is on record of them: one without the other is something half done.

use std::collections::BTreeMap;

use rollcall::models::{audit_events, sessions, users};
use sea_orm::{Database, EntityTrait};
use uuid::Uuid;

use crate::{caller::Caller, life::Life};

type Events = Vec<audit_events::Model>;

/// For an account whose registration was not acknowledged.
pub async fn id_of(caller: &Caller, life: &Life, password: &str) -> String {
    let tokens = caller.log_in(&life.name, password).await;
    let token = tokens.expect("an answer").text("access_token");
    let own = caller.get("/v1/api/users", Some(&token)).await;
    own.expect("an answer").text("id")
}

/// All rows of this database, and everything that was acknowledged of these lives.
pub async fn agrees(database: &str, lives: &[Life]) {
    let db = Database::connect(database).await.expect("the database");
    let accounts = users::Entity::find().all(&db).await.expect("the accounts");
    let opened = sessions::Entity::find().all(&db).await;
    let opened = opened.expect("the sessions");
    let events = audit_events::Entity::find().all(&db).await;
    let mut events: Events = events.expect("the events");
    db.close().await.expect("an end");
    events.retain(|event| event.outcome == audit_events::SUCCESS);

    assert_eq!(count(&events, "account.registered"), accounts.len());
    assert_eq!(count(&events, "login"), opened.len());
    let by_session: BTreeMap<_, _> = events
        .iter()
        .filter(|event| event.action == "login")
        .map(|event| (event.session_id, event.subject_id))
        .collect();
    for session in &opened {
        let owner = by_session.get(&Some(session.id));
        assert_eq!(owner, Some(&Some(session.user_id)), "{session:?}");
    }
    for account in &accounts {
        let own: Events = of(&events, account.id);
        let sessions = opened.iter().filter(|row| row.user_id == account.id);
        is_on_record(account, &own, &sessions.collect::<Vec<_>>());
    }
    for life in lives.iter().filter(|life| !life.id.is_empty()) {
        let account = accounts.iter().find(|row| row.id.to_string() == life.id);
        let account = account.unwrap_or_else(|| panic!("lost: {life:?}"));
        let changes = count(&of(&events, account.id), "password.changed");
        assert_eq!(
            (
                changes,
                names(account),
                !account.is_active,
                account.is_deleted()
            ),
            (life.passwords, life.names, life.suspended, life.deleted),
            "{life:?}"
        );
    }
}

fn is_on_record(account: &users::Model, events: &Events, sessions: &[&sessions::Model]) {
    let times = |action| count(events, action);
    assert_eq!(times("account.registered"), 1, "{account:?}");
    assert_eq!(times("account.updated"), names(account), "{account:?}");
    assert_eq!(times("account.deleted"), usize::from(account.is_deleted()));
    assert_eq!(times("account.suspended"), usize::from(!account.is_active));
    let (mut one_by_one, mut together) = (0, 0);
    for session in sessions {
        match session.revoked_reason.as_deref() {
            None => {}
            Some("logout") => {
                let own = |event: &&audit_events::Model| event.session_id == Some(session.id);
                let own = events.iter().filter(own).cloned().collect();
                assert_eq!(count(&own, "session.revoked"), 1, "{session:?}");
                one_by_one += 1;
            }
            Some(_) => together += 1,
        }
    }
    assert_eq!(times("session.revoked"), one_by_one, "{account:?}");
    let ended: u64 = events
        .iter()
        .filter(|event| event.action == "sessions.revoked")
        .map(|event| {
            let details: serde_json::Value = serde_json::from_str(&event.details).expect("JSON");
            details["sessions"].as_u64().expect("a number")
        })
        .sum();
    assert_eq!(ended, together, "{account:?}");
}

/// `n7` is its seventh.
fn names(account: &users::Model) -> usize {
    let name = account.first_name.as_deref();
    name.map_or(0, |name| name[1..].parse().expect("a number"))
}

fn of(events: &Events, account: Uuid) -> Events {
    let own = events.iter().filter(|e| e.subject_id == Some(account));
    own.cloned().collect()
}

fn count(events: &Events, action: &str) -> usize {
    events.iter().filter(|event| event.action == action).count()
}

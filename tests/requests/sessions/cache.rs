//! Authentication from memory: the same answers, without a query - and only while it can be trusted.

use std::{
    sync::Arc,
    time::{Duration as StdDuration, Instant},
};

use chrono::Duration;
use rollcall::models::{
    sessions::{
        Model,
        authentications::{Authenticated, Authentications},
    },
    users::Role,
};
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Service, nodes::set, service, service_with};

const ME: &str = "/v1/api/users/";
const AN_HOUR: StdDuration = StdDuration::from_secs(3600);

/// No watch any more: what is in memory is trusted until somebody says otherwise.
async fn trusted_without_a_watch(s: &Service) -> &Authentications {
    s.rollcall.stop().await;
    let authentications = &s.rollcall.sessions.authentications;
    authentications.forget_all();
    authentications.trust(Instant::now(), AN_HOUR);
    authentications
}

async fn entry(s: &Service, client: &Client) -> Arc<Authenticated> {
    let id = s.sessions_of(client.uuid()).await.remove(0).id;
    let found = Model::find_with_user(&s.ctx.db, id).await.expect("a query");
    let (session, user) = found.expect("a session");
    Arc::new(Authenticated { session, user })
}

/// What somebody sees who does a bit of everything.
async fn everything(s: &Service) -> Vec<(u16, Value)> {
    let mut seen = Vec::new();
    let ada = s.member("ada").await;
    let there = s.log_in("ada", PASSWORD).await;
    let bob = s.member("bob").await;
    let eve = s.member("eve").await;
    for client in [&ada, &there, &bob, &eve, &ada, &there] {
        let mut answer = client.get(ME).await;
        answer.body["id"].take();
        seen.push(answer.seen());
    }
    for change in [
        json!({"first_name": "Ada"}),
        json!({"last_name": "Lovelace", "username": "Countess"}),
        json!({"password": "another fine password"}),
    ] {
        seen.push((ada.patch(ME, change).await.status, Value::Null));
        let mut answer = ada.get(ME).await;
        answer.body["id"].take();
        seen.push(answer.seen());
        seen.push((there.get(ME).await.status, Value::Null));
    }
    s.give_role(ada.uuid(), Role::Admin).await;
    seen.push(ada.get("/v1/api/users/admin-only").await.seen());
    s.suspend(bob.uuid()).await;
    seen.push(bob.get(ME).await.seen());
    seen.push((eve.delete(ME).await.status, Value::Null));
    seen.push(eve.get(ME).await.seen());
    let renewed = ada
        .clone()
        .with_tokens(&ada.refresh(ada.refresh_token()).await);
    s.advance(Duration::minutes(59));
    seen.push(renewed.get("/v1/api/users/admin-only").await.seen());
    s.advance(Duration::minutes(2));
    seen.push(renewed.get(ME).await.seen());
    seen.push(renewed.post("/auth/logout", Value::Null).await.seen());
    seen
}

#[tokio::test]
async fn every_answer_is_the_same_with_and_without_memory() {
    let answers = Arc::new(std::sync::Mutex::new(Vec::new()));
    for enable in [true, false] {
        let answers = answers.clone();
        let change = move |config: &mut _| set(config, "sessions.cache.enable", enable);
        service_with(change, move |s| async move {
            if enable {
                s.is_trusted().await;
            }
            let seen = everything(&s).await;
            answers.lock().expect("the answers").push(seen);
        })
        .await;
    }

    let answers = answers.lock().expect("the answers");
    let statuses: Vec<u16> = answers[0].iter().map(|(status, _)| *status).collect();
    assert_eq!(
        statuses,
        [
            200, 200, 200, 200, 200, 200, 202, 200, 200, 202, 200, 200, 202, 200, 401, 200, 401,
            204, 404, 200, 401, 401
        ]
    );
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_steady_stream_of_requests_needs_no_query() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let bob = s.member("bob").await;
        let authentications = trusted_without_a_watch(&s).await;
        assert!(ada.is_in().await);
        s.ctx.db.close_by_ref().await.expect("the database to go");

        for _ in 0..100 {
            assert_eq!(ada.get(ME).await.status, 200);
        }
        let unknown = bob.get(ME).await;
        authentications.distrust();
        let distrusted = ada.get(ME).await;

        unknown.is_problem(503, "service_unavailable");
        distrusted.is_problem(503, "service_unavailable");
    })
    .await;
}

#[tokio::test]
async fn switched_off_it_asks_every_time() {
    let off = |config: &mut _| set(config, "sessions.cache.enable", false);
    service_with(off, |s| async move {
        let ada = s.member("ada").await;
        let authentications = trusted_without_a_watch(&s).await;
        assert!(!authentications.is_trusted());
        assert!(ada.is_in().await);
        s.ctx.db.close_by_ref().await.expect("the database to go");

        ada.get(ME).await.is_problem(503, "service_unavailable");
    })
    .await;
}

#[tokio::test]
async fn trust_ends_with_its_lease() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let authentications = trusted_without_a_watch(&s).await;
        assert!(ada.is_in().await && authentications.is_trusted());
        let entry = entry(&s, &ada).await;
        assert!(authentications.get(entry.session.id).is_some());

        let proved = Instant::now().checked_sub(StdDuration::from_millis(1));
        authentications.trust(proved.expect("a moment ago"), StdDuration::from_millis(1));

        assert!(!authentications.is_trusted());
        assert!(authentications.get(entry.session.id).is_none());
    })
    .await;
}

#[tokio::test]
async fn what_was_read_before_a_change_is_not_served_after_it() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let authentications = trusted_without_a_watch(&s).await;
        let entry = entry(&s, &ada).await;
        let (user, session) = (entry.user.id, entry.session.id);

        // Nothing has happened between reading and keeping: served.
        let version = authentications.version(user);
        authentications.insert(version, &entry);
        assert!(authentications.get(session).is_some());

        // Something happens after.
        authentications.forget(user);
        assert!(authentications.get(session).is_none());

        // Something happens between, and is seen at its end only.
        let version = authentications.version(user);
        drop(authentications.changing(user));
        authentications.insert(version, &entry);
        assert!(authentications.get(session).is_none());

        // Anything happens to anybody.
        authentications.insert(authentications.version(user), &entry);
        assert!(authentications.get(session).is_some());
        authentications.forget_all();
        assert!(authentications.get(session).is_none());

        // What is read while nothing is heard is not kept for later.
        authentications.distrust();
        authentications.insert(authentications.version(user), &entry);
        authentications.trust(Instant::now(), AN_HOUR);
        assert!(authentications.get(session).is_none());
    })
    .await;
}

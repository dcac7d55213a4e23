//! Where somebody is logged in, and ending one of those logins.

use axum::http::header::USER_AGENT;
use chrono::Duration;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Client, PASSWORD, Service, in_parallel, service, shapes};

const SESSIONS: &str = "/v1/api/users/sessions";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
    (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

/// A login from this place.
async fn log_in_from(s: &Service, address: &str, agent: &str) -> Client {
    let client = s.anonymous().at(address).with(USER_AGENT, agent);
    let answer = client.log_in("ada", PASSWORD).await;
    client.with_tokens(&answer)
}

/// The ids in the list, as this client sees it.
async fn listed(client: &Client) -> Vec<String> {
    let answer = client.get(SESSIONS).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let sessions = answer.body.as_array().expect("a list");
    sessions
        .iter()
        .map(|session| session["id"].as_str().expect("an id").to_string())
        .collect()
}

async fn current(client: &Client) -> String {
    let sessions = client.get(SESSIONS).await.body;
    let mut current = sessions
        .as_array()
        .expect("a list")
        .iter()
        .filter(|s| s["current"] == true);
    let id = current.next().expect("a current session")["id"].clone();
    assert!(current.next().is_none(), "two are current: {sessions}");
    id.as_str().expect("an id").to_string()
}

#[tokio::test]
async fn the_list_says_where_and_on_what() {
    service(|s| async move {
        s.member("ada").await;
        s.member("bob").await;
        log_in_from(&s, "::ffff:192.0.2.1", SAFARI).await;
        let ada = log_in_from(&s, "2001:db8::7", FIREFOX).await;

        let answer = ada.get(SESSIONS).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        insta::assert_json_snapshot!(answer.body, {
            "[].id" => insta::dynamic_redaction(shapes::uuid_v7),
            "[].created_at" => insta::dynamic_redaction(shapes::utc),
            "[].last_seen_at" => insta::dynamic_redaction(shapes::utc),
            "[].expires_at" => insta::dynamic_redaction(shapes::utc),
        });
        s.anonymous()
            .get(SESSIONS)
            .await
            .is_problem(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn the_list_has_only_live_sessions_of_the_caller() {
    service(|s| async move {
        let old = s.member("ada").await;
        s.member("bob").await;
        s.advance(Duration::days(10));
        let left = s.log_in("ada", PASSWORD).await;
        let ended = s.log_in("ada", PASSWORD).await;
        let here = s.log_in("ada", PASSWORD).await;
        let live = [current(&here).await, current(&left).await];
        assert_eq!(listed(&here).await.len(), 4);

        assert_eq!(ended.post("/auth/logout", Value::Null).await.status, 204);
        s.advance(Duration::days(5));
        let here = s
            .anonymous()
            .with_tokens(&here.refresh(here.refresh_token()).await);

        assert_eq!(
            old.refresh(old.refresh_token()).await.status,
            401,
            "idle for 15 days"
        );
        assert_eq!(listed(&here).await, live);
    })
    .await;
}

#[tokio::test]
async fn a_session_can_be_ended_from_another_one() {
    service(|s| async move {
        let phone = s.member("ada").await;
        let laptop = s.log_in("ada", PASSWORD).await;
        let path = format!("{SESSIONS}/{}", current(&phone).await);

        let answer = laptop.delete(&path).await;

        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        phone.get(SESSIONS).await.is_problem(401, "invalid_token");
        let answer = phone.refresh(phone.refresh_token()).await;
        answer.is_problem(401, "invalid_refresh_token");
        assert_eq!(listed(&laptop).await, [current(&laptop).await]);
        laptop.delete(&path).await.is_problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn the_current_session_can_be_ended_too() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let path = format!("{SESSIONS}/{}", current(&ada).await);

        assert_eq!(ada.delete(&path).await.status, 204);

        ada.delete(&path).await.is_problem(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_ones_own_is_not_there() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let root = s.admin("root").await;
        let bob = s.member("bob").await;
        let bobs = current(&bob).await;
        let ended = s.log_in("ada", PASSWORD).await;
        let was = current(&ended).await;
        ended.post("/auth/logout", Value::Null).await;

        let mut answers = Vec::new();
        for id in [
            &bobs,
            &was,
            &Uuid::nil().to_string(),
            "7",
            "null",
            "%00",
            &"x".repeat(500),
        ] {
            let answer = ada.delete(&format!("{SESSIONS}/{id}")).await;
            answers.push(answer.is_problem(404, "not_found").seen());
        }
        let answer = root.delete(&format!("{SESSIONS}/{bobs}")).await;
        answers.push(answer.is_problem(404, "not_found").seen());
        let answer = s.anonymous().delete(&format!("{SESSIONS}/{bobs}")).await;

        answer.is_problem(401, "invalid_token");
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{answers:?}"
        );
        assert!(bob.is_in().await && ada.is_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_parallel_endings_one_ends_it() {
    service(|s| async move {
        let phone = s.member("ada").await;
        let laptop = s.log_in("ada", PASSWORD).await;
        let path = format!("{SESSIONS}/{}", current(&phone).await);

        let mut statuses = in_parallel(20, |_| {
            let (laptop, path) = (laptop.clone(), path.clone());
            async move { laptop.delete(&path).await.status }
        })
        .await;

        statuses.sort_unstable();
        assert_eq!(statuses[0], 204);
        assert!(
            statuses[1..].iter().all(|status| *status == 404),
            "{statuses:?}"
        );
        assert!(!phone.is_in().await && laptop.is_in().await);
    })
    .await;
}

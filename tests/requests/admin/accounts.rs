//! Making and changing somebody else's account.

use axum::http::Method;
use serde_json::{Value, json};

use super::USERS;
use crate::support::{PASSWORD, service};

#[tokio::test]
async fn an_account_is_made_without_a_password_and_its_owner_chooses_one() {
    service(|s| async move {
        let root = s.admin("root").await;
        let body = json!({"username": "new", "email": "new@example.com", "role": "admin"});

        let made = root.post(USERS, body.clone()).await;

        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!(made.body["has_password"], false);
        let token = s.last_mail_to("new@example.com").await.token().to_string();
        let set = s
            .anonymous()
            .use_token("/auth/invitation/accept", &token, Some(PASSWORD))
            .await;
        assert_eq!(set, 204);
        assert_eq!(
            s.log_in("new", PASSWORD)
                .await
                .get("/v1/api/users/admin-only")
                .await
                .status,
            200
        );
        root.post(USERS, body)
            .await
            .is_problem(409, "already_taken");
        let with = json!({"username": "x", "email": "x@example.com", "password": PASSWORD});
        root.post(USERS, with)
            .await
            .is_problem(422, "validation_failed");
    })
    .await;
}

#[tokio::test]
async fn a_change_is_seen_at_once_and_a_new_email_ends_sessions() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        let path = format!("{USERS}/{}", ada.id());

        let named = root
            .patch(&path, json!({"first_name": "Ada", "locale": "de"}))
            .await;
        assert_eq!(
            (named.status, &named.body["first_name"]),
            (200, &json!("Ada"))
        );
        assert_eq!(ada.get("/v1/api/users/").await.body["first_name"], "Ada");

        let moved = root
            .patch(&path, json!({"email": "lovelace@example.com"}))
            .await;
        assert_eq!(moved.body["email"], "lovelace@example.com");
        assert_eq!(moved.body["email_verified_at"], Value::Null);
        assert!(!ada.is_in().await);
        let subjects: Vec<_> = s
            .mails_to("lovelace@example.com")
            .await
            .into_iter()
            .map(|m| m.subject)
            .collect();
        assert_eq!(subjects.len(), 2, "{subjects:?}");
        assert!(
            s.last_mail_to("ada@example.com")
                .await
                .text
                .contains("lovelace@example.com")
        );
        for refused in [
            json!({"role": "admin"}),
            json!({"password": PASSWORD}),
            json!({"is_active": false}),
        ] {
            root.patch(&path, refused)
                .await
                .is_problem(422, "validation_failed");
        }
        let nobody = format!("{USERS}/{}", uuid::Uuid::now_v7());
        root.patch(&nobody, json!({}))
            .await
            .is_problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn a_forced_reset_voids_the_password_now() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;

        let path = format!("{USERS}/{}/password-reset", ada.id());
        assert_eq!(root.post(&path, Value::Null).await.status, 204);

        assert!(!ada.is_in().await);
        s.log_in_fails("ada", PASSWORD).await;
        let token = s.last_mail_to("ada@example.com").await.token().to_string();
        let set = s
            .anonymous()
            .use_token("/auth/password/reset", &token, Some("a new and good one"))
            .await;
        assert_eq!(set, 204);
        assert!(s.log_in("ada", "a new and good one").await.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn somebodys_sessions_are_listed_and_ended() {
    service(|s| async move {
        let root = s.admin("root").await;
        let (phone, laptop) = (s.member("ada").await, s.log_in("ada", PASSWORD).await);
        let bob = s.member("bob").await;
        let path = format!("{USERS}/{}/sessions", phone.id());

        let list = root.get(&path).await;
        let sessions = list.body.as_array().expect("a list");
        assert_eq!(sessions.len(), 2);
        let first = sessions[0]["id"].as_str().expect("an id");
        let foreign = format!("{USERS}/{}/sessions/{first}", bob.id());
        root.delete(&foreign).await.is_problem(404, "not_found");
        assert_eq!(root.delete(&format!("{path}/{first}")).await.status, 204);
        root.delete(&format!("{path}/{first}"))
            .await
            .is_problem(404, "not_found");
        assert!(!laptop.is_in().await && phone.is_in().await);

        assert_eq!(root.delete(&path).await.status, 204);
        assert!(!phone.is_in().await && bob.is_in().await && root.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_on() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        let path = format!("{USERS}/{}/role", ada.id());
        for (role, status) in [("admin", 200), ("admin", 200), ("user", 403)] {
            let body = json!({"role": role}).to_string();
            let answer = root
                .send(Method::PUT, &path, Some("application/json"), body)
                .await;
            assert_eq!((answer.status, &answer.body["role"]), (200, &json!(role)));
            assert_eq!(ada.get("/v1/api/users/admin-only").await.status, status);
        }
        let events = s.events().await;
        assert_eq!(
            events.iter().filter(|e| e.action == "role.changed").count(),
            2
        );
        for body in ["{}", r#"{"role":"king"}"#, r#"{"role":null}"#] {
            let answer = root
                .send(Method::PUT, &path, Some("application/json"), body)
                .await;
            answer.is_problem(422, "validation_failed");
        }
    })
    .await;
}

//! What somebody may see of what is held about them.

use serde_json::json;

use crate::support::{PASSWORD, service};

#[tokio::test]
async fn ones_own_activity_is_there_and_nobody_elses() {
    service(|s| async move {
        let root = s.admin("root").await;
        let bob = s.member("bob").await;
        let home = s.anonymous().at("203.0.113.9");
        let ada = s.member("ada").await;
        home.log_in("ada", "a wrong guess").await;
        root.send(
            "PUT".parse().expect("a method"),
            &format!("/v1/api/admin/users/{}/role", ada.id()),
            Some("application/json"),
            r#"{"role":"admin"}"#,
        )
        .await;
        bob.patch("/v1/api/users/", json!({"first_name": "Bob"}))
            .await;

        let answer = ada.get("/v1/api/users/activity").await;

        let items = answer.body["items"].as_array().expect("items");
        let seen: Vec<_> = items
            .iter()
            .map(|e| {
                (
                    e["action"].as_str().unwrap_or_default(),
                    e["outcome"].as_str().unwrap_or_default(),
                    e["by_me"].as_bool().unwrap_or_default(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("role.changed", "success", false),
                ("login", "failure", false),
                ("login", "success", false),
                ("account.registered", "success", false),
            ]
        );
        assert_eq!(items[1]["ip_address"], "203.0.113.9");
        assert!(
            !answer.text.contains(root.id()),
            "who the administrator is, is not told"
        );
        let filtered = ada
            .get("/v1/api/users/activity?outcome=failure&limit=1")
            .await;
        assert_eq!(filtered.body["items"].as_array().expect("items").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_export_holds_everything_and_no_secret() {
    service(|s| async move {
        s.member("bob").await;
        let ada = s.member("ada").await;
        s.log_in("ada", PASSWORD).await;
        ada.patch("/v1/api/users/", json!({"first_name": "Ada"}))
            .await;
        s.mails().await;

        let answer = ada.get("/v1/api/users/export").await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["account"]["username"], "ada");
        assert_eq!(
            answer.body["sessions"].as_array().expect("sessions").len(),
            2
        );
        assert_eq!(answer.body["mails"].as_array().expect("mails").len(), 1);
        assert!(answer.body["activity"].as_array().expect("activity").len() >= 4);
        assert_eq!(answer.body["activity_is_truncated"], false);
        for secret in ["argon2", "digest", "seed", "bob", "search_text"] {
            assert!(!answer.text.contains(secret), "{secret}");
        }
        assert_eq!(answer.headers["cache-control"], "no-store");
        s.last_event("account.exported").await;
    })
    .await;
}

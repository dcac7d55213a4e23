//! `PATCH /v1/api/users/`: another username, email or phone number.

use serde_json::json;

use super::CURRENT;
use crate::support::{PASSWORD, in_parallel, service};

#[tokio::test]
async fn a_taken_identifier_is_named_and_nothing_is_changed() {
    service(|s| async move {
        let (ada, grace) = (s.member("ada").await, s.member("grace").await);
        grace
            .patch(CURRENT, json!({"phone_number": "+1234567890"}))
            .await;
        let before = s.row(&ada).await;

        for (field, value) in [
            ("username", "GRACE"),
            ("email", "Grace@example.com"),
            ("phone_number", "+1234567890"),
        ] {
            let answer = ada
                .patch(CURRENT, json!({"first_name": "Changed", field: value}))
                .await;

            answer.is_problem(409, "already_taken");
            assert_eq!(answer.pointers(), [format!("/{field}")]);
        }
        assert_eq!(s.row(&ada).await, before);
    })
    .await;
}

#[tokio::test]
async fn one_may_rewrite_ones_own_identifier_in_another_case() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answer = ada
            .patch(
                CURRENT,
                json!({"username": "Ada", "email": "Ada@Example.com"}),
            )
            .await;

        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.body["username"], "Ada");
        assert_eq!(answer.body["email"], "Ada@Example.com");
    })
    .await;
}

#[tokio::test]
async fn a_changed_identifier_is_the_one_that_logs_in() {
    service(|s| async move {
        let ada = s.member("ada").await;

        ada.patch(CURRENT, json!({"username": "countess"})).await;

        s.log_in("Countess", PASSWORD).await;
        let former = json!({"username": "ada", "password": PASSWORD});
        let answer = s.anonymous().post("/auth/token", former).await;
        answer.is_problem(401, "invalid_credentials");
    })
    .await;
}

#[tokio::test]
async fn twenty_who_want_one_name_leave_one_owner() {
    service(|s| async move {
        let mut clients = Vec::new();
        for i in 0..5 {
            clients.push(s.member(&format!("ada{i}")).await);
        }

        let answers = in_parallel(20, |i| {
            let client = clients[i % 5].clone();
            async move { client.patch(CURRENT, json!({"username": "wanted"})).await }
        })
        .await;

        let owners: std::collections::BTreeSet<_> = answers
            .iter()
            .filter(|answer| answer.status == 202)
            .map(|answer| answer.body["id"].to_string())
            .collect();
        assert_eq!(owners.len(), 1, "{answers:?}");
        assert!(
            answers
                .iter()
                .all(|answer| [202, 409].contains(&answer.status))
        );
    })
    .await;
}

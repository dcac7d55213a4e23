//! An identifier belongs to one living account, however it is written.

use serde_json::json;

use super::{ada_with, reference};
use crate::support::{PASSWORD, service};

#[tokio::test]
async fn a_taken_identifier_is_named() {
    let cases = [
        ("username", json!({"username": "testuser"})),
        ("username", json!({"username": "TESTUSER"})),
        ("username", json!({"username": "ｔｅｓｔｕｓｅｒ"})),
        ("username", json!({"username": "ＴestＵser"})),
        ("username", json!({"username": "teﬆuser"})),
        ("email", json!({"email": "testuser@example.com"})),
        ("email", json!({"email": "TestUser@EXAMPLE.com"})),
        ("phone_number", json!({"phone_number": "+1234567890"})),
    ];
    service(|s| async move {
        s.anonymous().post("/auth/register", reference()).await;

        for (field, changes) in cases {
            let answer = s
                .anonymous()
                .post("/auth/register", ada_with(changes.clone()))
                .await;

            answer.is_problem(409, "already_taken");
            assert_eq!(answer.pointers(), [format!("/{field}")], "{changes}");
            assert_eq!(answer.body["errors"][0]["code"], "taken");
            let detail = format!("The {} is already taken.", field.replace('_', " "));
            assert_eq!(answer.body["detail"], detail);
        }
        assert_eq!(s.accounts().await, 1);
    })
    .await;
}

#[tokio::test]
async fn names_that_only_look_alike_are_two() {
    service(|s| async move {
        s.member("ada").await;

        // A Cyrillic а: another letter, not another way to write it.
        for username in ["аda", "ada1", "a.da", "adá"] {
            let email = format!("{}@example.com", uuid::Uuid::now_v7());
            let body = json!({"username": username, "email": email, "password": PASSWORD});
            let answer = s.anonymous().post("/auth/register", body).await;

            assert_eq!(answer.status, 201, "{username}: {answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_identifiers_of_a_deleted_account_are_free() {
    service(|s| async move {
        s.anonymous().post("/auth/register", reference()).await;
        let former = s.log_in("testuser", "securepassword").await;
        assert_eq!(former.delete("/v1/api/users/").await.status, 204);

        let answer = s.anonymous().post("/auth/register", reference()).await;

        assert_eq!(answer.status, 201, "{answer:?}");
        let now = s.log_in("testuser", "securepassword").await;
        let current = now.get("/v1/api/users/").await;
        assert_eq!(current.body["id"], answer.body["id"]);
        former
            .get("/v1/api/users/")
            .await
            .is_problem(404, "user_not_found");
    })
    .await;
}

#[tokio::test]
async fn identifiers_are_free_again_however_often() {
    service(|s| async move {
        for _ in 0..3 {
            let answer = s.anonymous().post("/auth/register", reference()).await;
            assert_eq!(answer.status, 201, "{answer:?}");
            let client = s.log_in("testuser@example.com", "securepassword").await;
            assert_eq!(client.delete("/v1/api/users/").await.status, 204);
        }

        assert_eq!(s.accounts().await, 0);
    })
    .await;
}

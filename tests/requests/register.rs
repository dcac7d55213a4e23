//! `POST /auth/register`: what a new account is.

mod admins;
mod bodies;
mod faults;
mod parallel;
mod taken;

use serde_json::{Value, json};

use crate::support::{PASSWORD, service, shapes};

/// The reference's example.
fn reference() -> Value {
    json!({
        "username": "testuser",
        "email": "testuser@example.com",
        "first_name": "Test",
        "last_name": "User",
        "phone_number": "+1234567890",
        "role": "admin",
        "is_active": true,
        "password": "securepassword",
    })
}

/// No more than is required.
fn ada() -> Value {
    json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD})
}

/// [`ada`] with some fields changed or added.
fn ada_with(changes: Value) -> Value {
    let mut body = ada();
    let (Value::Object(fields), Value::Object(changes)) = (&mut body, changes) else {
        panic!("objects");
    };
    fields.extend(changes);
    body
}

#[tokio::test]
async fn the_references_example_makes_the_references_account() {
    service(|s| async move {
        let client = s.anonymous();

        let answer = client.post("/auth/register", reference()).await;

        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/json");
        insta::assert_json_snapshot!(answer.body, {
            ".id" => insta::dynamic_redaction(shapes::uuid_v7),
            ".created_at" => insta::dynamic_redaction(shapes::utc),
        }, @r#"
        {
          "created_at": "[utc]",
          "deleted_at": null,
          "email": "testuser@example.com",
          "first_name": "Test",
          "id": "[uuid]",
          "is_active": true,
          "last_name": "User",
          "phone_number": "+1234567890",
          "role": "admin",
          "updated_at": null,
          "username": "testuser"
        }
        "#);
    })
    .await;
}

#[tokio::test]
async fn what_is_left_out_has_its_default() {
    service(|s| async move {
        let client = s.anonymous();

        let answer = client.post("/auth/register", ada()).await;

        assert_eq!(answer.status, 201, "{answer:?}");
        insta::assert_json_snapshot!(answer.body, {
            ".id" => insta::dynamic_redaction(shapes::uuid_v7),
            ".created_at" => insta::dynamic_redaction(shapes::utc),
        }, @r#"
        {
          "created_at": "[utc]",
          "deleted_at": null,
          "email": "ada@example.com",
          "first_name": null,
          "id": "[uuid]",
          "is_active": true,
          "last_name": null,
          "phone_number": null,
          "role": "user",
          "updated_at": null,
          "username": "ada"
        }
        "#);
    })
    .await;
}

#[tokio::test]
async fn names_and_phone_may_be_null() {
    service(|s| async move {
        let body = ada_with(json!({"first_name": null, "last_name": null, "phone_number": null}));

        let answer = s.anonymous().post("/auth/register", body).await;

        assert_eq!(answer.status, 201, "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn identifiers_and_names_are_kept_as_they_were_written() {
    service(|s| async move {
        let body = json!({
            "username": "Zoë.O_K-1",
            "email": "Zoe+Tag@Example.COM",
            "first_name": "Zoë \"O\" <K> 🦀",
            "password": PASSWORD,
        });

        let answer = s.anonymous().post("/auth/register", body.clone()).await;

        assert_eq!(answer.status, 201, "{answer:?}");
        for field in ["username", "email", "first_name"] {
            assert_eq!(answer.body[field], body[field]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_answered_is_what_is_stored() {
    service(|s| async move {
        let client = s.member("ada").await;

        let row = s.row(&client).await;

        assert_eq!(row.username, "ada");
        assert_eq!(row.email, "ada@example.com");
        let created_at = client.user["created_at"].as_str().unwrap();
        assert_eq!(
            row.created_at.to_utc(),
            created_at.parse::<chrono::DateTime<chrono::Utc>>().unwrap()
        );
        assert!(
            row.hashed_password
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
    })
    .await;
}

#[tokio::test]
async fn an_account_may_be_made_inactive() {
    service(|s| async move {
        let body = ada_with(json!({"is_active": false}));

        let answer = s.anonymous().post("/auth/register", body).await;

        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.body["is_active"], false);
        let credentials = json!({"username": "ada", "password": PASSWORD});
        let login = s.anonymous().post("/auth/token", credentials).await;
        login.is_problem(401, "invalid_credentials");
    })
    .await;
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    service(|s| async move {
        let answer = s.anonymous().post("/auth/register/", ada()).await;

        assert_eq!(answer.status, 201, "{answer:?}");
    })
    .await;
}

//! Another's account is not there, except for an administrator.

use serde_json::json;
use uuid::Uuid;

use crate::support::{Answer, Client, PASSWORD, service};

fn by_id(id: &str) -> String {
    format!("/v1/api/users/{id}")
}

fn by_username(username: &str) -> String {
    format!("/v1/api/users/by-username/{username}")
}

/// All that a client sees, but for the request's id.
fn seen(mut answer: Answer) -> String {
    answer.body["instance"] = "".into();
    answer.headers.remove("x-request-id");
    format!("{} {:?} {}", answer.status, answer.headers, answer.body)
}

async fn all_answer(client: &Client, status: u16, paths: &[String]) {
    for path in paths {
        let answer = client.get(path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn everybody_sees_their_own_account() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let own = ada.get("/v1/api/users/").await.body;

        for path in [
            by_id(ada.id()),
            by_id(&ada.id().to_uppercase()),
            by_username("ada"),
            by_username("ADA"),
            by_username("%EF%BD%81da"),
        ] {
            let answer = ada.get(&path).await;

            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            assert_eq!(answer.body, own);
        }
    })
    .await;
}

#[tokio::test]
async fn an_admin_sees_everybody() {
    service(|s| async move {
        let (root, ada) = (s.admin("root").await, s.member("ada").await);
        let own = ada.get("/v1/api/users/").await.body;

        for path in [by_id(ada.id()), by_username("ada"), by_username("Ada")] {
            let answer = root.get(&path).await;

            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            assert_eq!(answer.body, own);
        }
    })
    .await;
}

#[tokio::test]
async fn an_admin_sees_inactive_accounts_and_no_deleted_ones() {
    service(|s| async move {
        let root = s.admin("root").await;
        let (inactive, deleted) = (s.member("inactive").await, s.member("deleted").await);
        s.deactivate(&inactive).await;
        deleted.delete("/v1/api/users/").await;

        all_answer(&root, 200, &[by_id(inactive.id()), by_username("inactive")]).await;
        all_answer(&root, 404, &[by_id(deleted.id()), by_username("deleted")]).await;
    })
    .await;
}

#[tokio::test]
async fn anothers_account_is_answered_as_one_that_is_not_there() {
    service(|s| async move {
        let (ada, grace) = (s.member("ada").await, s.member("grace").await);

        let missing = ada.get(&by_id(&Uuid::now_v7().to_string())).await;

        missing.is_problem(404, "not_found");
        let expected = seen(missing);
        for path in [
            by_id(grace.id()),
            by_id(&Uuid::nil().to_string()),
            by_id("1"),
            by_id("not-an-id"),
            by_id(&format!("{}x", ada.id())),
            by_id("%00"),
            by_id("%F0%9F%A6%80"),
            by_username("grace"),
            by_username("grace@example.com"),
            by_username("nobody"),
            by_username("%25"),
            by_username("gr_ce"),
            by_username("%00"),
            by_username(&"x".repeat(4000)),
        ] {
            let answer = ada.get(&path).await;

            assert_eq!(seen(answer), expected, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_admin_gets_the_same_for_what_is_not_there() {
    service(|s| async move {
        let root = s.admin("root").await;

        for path in [
            by_id(&Uuid::now_v7().to_string()),
            by_id("not-an-id"),
            by_username("nobody"),
            by_username("%00"),
            by_username("%E2%80%AEada"),
            by_username("r%25"),
        ] {
            root.get(&path).await.is_problem(404, "not_found");
        }
    })
    .await;
}

#[tokio::test]
async fn a_path_that_is_not_text_is_a_bad_request() {
    service(|s| async move {
        let root = s.admin("root").await;

        for path in [by_username("%FF%FE"), by_id("%C0%80")] {
            root.get(&path).await.is_problem(400, "bad_request");
        }
    })
    .await;
}

#[tokio::test]
async fn a_username_that_was_given_back_means_its_new_owner() {
    service(|s| async move {
        let root = s.admin("root").await;
        s.member("ada").await.delete("/v1/api/users/").await;
        let body = json!({"username": "ADA", "email": "new@example.com", "password": PASSWORD});
        let new = s.anonymous().post("/auth/register", body).await;

        let answer = root.get(&by_username("ada")).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["id"], new.body["id"]);
    })
    .await;
}

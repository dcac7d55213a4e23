//! An account that must confirm its address may do that and nothing else.

use serde_json::{Value, json};

use super::required;
use crate::support::{Client, PASSWORD, Service, service_with};

const ADA: &str = "ada@example.com";

/// Every route that wants a token.
const CLOSED: [(&str, &str); 13] = [
    ("GET", "/v1/api/users/"),
    ("PATCH", "/v1/api/users/"),
    ("DELETE", "/v1/api/users/"),
    ("GET", "/v1/api/users/admin-only"),
    ("GET", "/v1/api/users/by-username/ada"),
    ("GET", "/v1/api/users/{id}"),
    ("GET", "/v1/api/users/sessions"),
    ("DELETE", "/v1/api/users/sessions/{id}"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/logout-all"),
    ("POST", "/v1/api/admin/invitations"),
    ("POST", "/v1/api/admin/invitations/{id}"),
    ("GET", "/v1/api/users"),
];

async fn introspected(s: &Service, token: &str) -> Value {
    let form = format!(
        "client_id=resource-server&client_secret=a+secret+of+the+tests,+and+nobody+else&token={token}"
    );
    s.anonymous().form("/oauth/introspect", &form).await.body
}

async fn call(client: &Client, method: &str, path: &str) -> crate::support::Answer {
    let method = method.parse().expect("a method");
    client
        .send(method, path, Some("application/json"), "{}")
        .await
}

#[tokio::test]
async fn its_token_opens_nothing_but_the_confirmation() {
    service_with(required, |s| async move {
        for client in [s.member("ada").await, s.admin("root").await] {
            for (method, path) in CLOSED {
                let path = path.replace("{id}", client.id());
                let answer = call(&client, method, &path).await;
                answer.is_problem(403, "email_not_verified");
            }
            assert_eq!(
                introspected(&s, client.token()).await,
                json!({"active": false})
            );
            let renewed = client.refresh(client.refresh_token()).await;
            let renewed = s.anonymous().with_tokens(&renewed);
            let answer = renewed.get("/v1/api/users/").await;
            answer.is_problem(403, "email_not_verified");
        }
    })
    .await;
}

#[tokio::test]
async fn an_unconfirmed_administrator_gives_no_roles() {
    let strict = |config: &mut loco_rs::config::Config| {
        crate::support::nodes::set(config, "registration.allow_admin", false);
    };
    service_with(strict, |s| async move {
        let root = s.promoted("root").await;
        let there = s.another_node(required).await;
        let body = json!({"username": "eve", "email": "eve@example.com", "password": PASSWORD, "role": "admin"});

        let eve = there.anonymous().with_token(root.token());
        let answer = eve.post("/auth/register", body).await;

        answer.is_problem(403, "role_not_allowed");
    })
    .await;
}

#[tokio::test]
async fn it_asks_for_the_mail_with_its_token_alone_and_is_then_free() {
    service_with(required, |s| async move {
        let ada = s.member("ada").await;
        s.last_mail_to(ADA).await;
        let asked = ada.post("/auth/verify-email/request", json!({})).await;
        assert_eq!(asked.status, 202, "{asked:?}");
        let mails = s.mails_to(ADA).await;
        let [first, second] = &mails[..] else {
            panic!("{mails:?}")
        };

        assert_eq!(
            ada.use_token("/auth/verify-email", first.token(), None)
                .await,
            422
        );
        assert_eq!(
            ada.use_token("/auth/verify-email", second.token(), None)
                .await,
            204
        );

        assert!(ada.is_in().await);
        assert_eq!(introspected(&s, ada.token()).await["active"], true);
    })
    .await;
}

#[tokio::test]
async fn without_a_token_an_address_is_needed() {
    service_with(required, |s| async move {
        let path = "/auth/verify-email/request";
        for body in [
            json!({}),
            json!({"email": null}),
            json!({"email": "no address"}),
        ] {
            let answer = s.anonymous().post(path, body).await;
            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), ["/email"]);
        }
    })
    .await;
}

//! Every error, from whatever layer, is RFC 9457 `application/problem+json`.

use std::collections::BTreeSet;

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
    routing::get,
};
use insta::internals::Content;
use loco_rs::{app::AppContext, config::Config};
use rollcall::controllers::middlewares;
use serde_json::json;

use crate::support::{Client, Service, service, service_with};

/// Routes of our own behind the application's middlewares.
pub fn behind_the_middlewares(s: &Service, mut router: Router<AppContext>) -> Client {
    for layer in middlewares::stack(&s.ctx) {
        if layer.is_enabled() {
            router = layer.apply(router).expect("a layer");
        }
    }
    Client::new(router.with_state(s.ctx.clone()))
}

/// The id of a request, as the server makes it.
fn id(value: &Content) -> Content {
    let text = value.as_str().expect("a string");
    text.parse::<uuid::Uuid>().expect("a UUID");
    "[id]".into()
}

#[tokio::test]
async fn a_problem_has_these_fields_and_no_others() {
    service(|s| async move {
        let answer = s
            .anonymous()
            .post("/auth/register", json!({"username": "ada", "email": "x"}))
            .await;

        insta::assert_json_snapshot!(answer.body, {
            ".instance" => insta::dynamic_redaction(|value, _| id(&value)),
        }, @r#"
        {
          "code": "validation_failed",
          "detail": "The request has 2 faults.",
          "errors": [
            {
              "code": "invalid_email",
              "detail": "This is not an email address that mail can be sent to.",
              "pointer": "/email"
            },
            {
              "code": "required",
              "detail": "This field is required.",
              "pointer": "/password"
            }
          ],
          "instance": "[id]",
          "status": 422,
          "title": "Unprocessable Entity",
          "type": "about:blank"
        }
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_path_without_a_route_is_not_found() {
    service(|s| async move {
        let member = s.member("ada").await;

        for client in [s.anonymous(), member] {
            for path in [
                "/",
                "/nothing",
                "/v1/api",
                "/v1/api/users/a/b",
                "//auth/token",
                "/auth/token/x",
                "/%00",
            ] {
                client.get(path).await.is_problem(404, "not_found");
            }
            let answer = client.post("/nothing", json!({})).await;
            answer.is_problem(404, "not_found");
            assert_eq!(answer.body.get("errors"), None);
        }
    })
    .await;
}

#[tokio::test]
async fn another_method_is_not_allowed_and_told_which_are() {
    service(|s| async move {
        for (method, path, allowed) in [
            (
                Method::PUT,
                "/v1/api/users/",
                ["DELETE", "GET", "HEAD", "PATCH"].as_slice(),
            ),
            (Method::GET, "/auth/token", &["POST"]),
            (Method::DELETE, "/auth/register", &["POST"]),
            (Method::POST, "/_ping", &["GET", "HEAD"]),
            (Method::TRACE, "/v1/api/users/admin-only/", &["GET", "HEAD"]),
        ] {
            let answer = s.anonymous().send(method, path, None, Body::empty()).await;

            answer.is_problem(405, "method_not_allowed");
            let allow: BTreeSet<&str> = answer.headers["allow"]
                .to_str()
                .unwrap()
                .split(',')
                .collect();
            assert_eq!(allow, allowed.iter().copied().collect(), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    service(|s| async move {
        let found = s
            .anonymous()
            .send(Method::HEAD, "/_ping", None, Body::empty())
            .await;
        let refused = s
            .anonymous()
            .send(Method::HEAD, "/v1/api/users/", None, Body::empty())
            .await;

        assert_eq!((found.status, found.text.as_str()), (200, ""));
        assert_eq!(refused.status, 401);
    })
    .await;
}

#[tokio::test]
async fn without_a_token_the_scheme_is_told() {
    service(|s| async move {
        let answer = s.anonymous().get("/v1/api/users/").await;

        answer.is_problem(401, "invalid_token");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    })
    .await;
}

#[tokio::test]
async fn a_panic_is_an_internal_error_that_tells_nothing() {
    async fn panics() {
        panic!("canary");
    }
    service(|s| async move {
        let client = behind_the_middlewares(&s, Router::new().route("/panics", get(panics)));

        let answer = client.get("/panics").await;

        answer.is_problem(500, "internal_error");
        assert!(!answer.text.contains("canary"), "{answer:?}");
        assert_eq!(client.get("/panics").await.status, 500);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    fn impatient(config: &mut Config) {
        let timeout = config.server.middlewares.timeout_request.as_mut();
        timeout.expect("a limit").timeout = 20;
    }
    service_with(impatient, |s| async move {
        let hangs = get(std::future::pending::<()>);
        let client = behind_the_middlewares(&s, Router::new().route("/hangs", hangs));

        let answer = client.get("/hangs").await;

        answer.is_problem(503, "service_unavailable");
        assert_eq!(answer.headers["retry-after"], "1");
    })
    .await;
}

#[tokio::test]
async fn the_callers_request_id_is_kept_when_it_is_well_formed() {
    service(|s| async move {
        let longest = "x".repeat(128);
        let too_long = "x".repeat(129);
        let ask = |given: Vec<String>| {
            let mut request = Request::get("/nothing");
            for id in given {
                request = request.header("x-request-id", id);
            }
            let anonymous = s.anonymous();
            async move { anonymous.raw(request.body(Body::empty()).unwrap()).await }
        };
        for kept in ["abc-123_X@y", &longest] {
            let answer = ask(vec![kept.to_string()]).await;
            answer.is_problem(404, "not_found");
            assert_eq!(answer.body["instance"], kept);
            assert_eq!(answer.headers["x-request-id"], kept);
        }
        for refused in [
            vec!["a b\"<script>\t;=%0a"],
            vec!["abc def"],
            vec![&too_long],
            vec![""],
            vec!["one", "two"],
        ] {
            let refused: Vec<String> = refused.into_iter().map(String::from).collect();
            let answer = ask(refused).await;
            answer.is_problem(404, "not_found");
            let ours = answer.body["instance"].as_str().unwrap();
            assert!(ours.parse::<uuid::Uuid>().is_ok(), "{ours}");
        }
    })
    .await;
}

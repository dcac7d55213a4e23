//! What is refused below `/oauth` speaks OAuth's dialect; elsewhere nothing does.

use axum::http::{Method, header::ALLOW};
use serde_json::Value;

use super::oauth_clients::{ENDPOINTS, ID, SECRET, form, is_refused, resource_server};
use crate::support::service;

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_request_without_a_token_is_invalid() {
    service(|s| async move {
        let client = resource_server(&s);
        let by_body = form(&[("client_id", ID), ("client_secret", SECRET)]);

        for path in ENDPOINTS {
            for body in ["", "token=", "tokens=x", "token_type_hint=access_token"] {
                is_refused(&client.form(path, body).await, 400, "invalid_request");
            }
            is_refused(
                &s.anonymous().form(path, &by_body).await,
                400,
                "invalid_request",
            );
        }
    })
    .await;
}

#[tokio::test]
async fn every_refusal_below_oauth_speaks_its_dialect() {
    service(|s| async move {
        let client = resource_server(&s);
        let large = format!("token={}", "x".repeat(20_000));

        for path in ENDPOINTS {
            is_refused(
                &client.form(path, "token=x&token=y").await,
                422,
                "invalid_request",
            );
            is_refused(&client.form(path, &large).await, 413, "invalid_request");
            let answer = client.post(path, serde_json::json!({"token": "x"})).await;
            is_refused(&answer, 415, "invalid_request");
            let answer = client.send(Method::POST, path, None, "token=x").await;
            is_refused(&answer, 415, "invalid_request");
            let answer = client.get(path).await;
            is_refused(&answer, 405, "invalid_request");
            assert_eq!(answer.headers[ALLOW], "POST");
        }
        for path in ["/oauth/unknown", "/oauth/introspect/x", "/oauth/%00"] {
            is_refused(&client.form(path, "token=x").await, 404, "invalid_request");
            is_refused(&client.get(path).await, 404, "invalid_request");
        }
        let answer = client
            .send(Method::POST, ENDPOINTS[0], Some(FORM), vec![b't', 0xff])
            .await;
        is_refused(&answer, 400, "invalid_request");
        s.ctx.db.close_by_ref().await.expect("to close");
        let rcr = s
            .rollcall
            .sessions
            .refresh_tokens
            .first(uuid::Uuid::nil())
            .reveal();
        let answer = client.form(ENDPOINTS[0], &form(&[("token", &rcr)])).await;
        is_refused(&answer, 503, "temporarily_unavailable");
        assert_eq!(answer.retry_after(), 1);
    })
    .await;
}

#[tokio::test]
async fn elsewhere_the_dialect_is_problems() {
    service(|s| async move {
        let client = resource_server(&s);

        for path in [
            "/auth/introspect",
            "/oauthx/introspect",
            "/v1/oauth/introspect",
        ] {
            client.get(path).await.is_problem(404, "not_found");
        }
        client
            .post("/auth/logout", Value::Null)
            .await
            .is_problem(401, "invalid_token");
        client
            .get("/auth/token")
            .await
            .is_problem(405, "method_not_allowed");
    })
    .await;
}

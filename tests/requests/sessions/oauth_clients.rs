//! Who may ask about tokens, and in what words it is refused.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};

use crate::support::{Answer, Client, Service, nodes::set, service, service_with};

pub const ID: &str = "resource-server";
pub const SECRET: &str = "a secret of the tests, and nobody else";
pub const ENDPOINTS: [&str; 2] = ["/oauth/introspect", "/oauth/revoke"];

/// The configured client, by its header.
pub fn resource_server(s: &Service) -> Client {
    s.anonymous().with_basic(ID, SECRET)
}

pub fn form(fields: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(fields).expect("a form")
}

/// A refusal in OAuth's dialect (RFC 6749, section 5.2), and in no other.
#[track_caller]
pub fn is_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.headers[CONTENT_TYPE], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let fields = answer.body.as_object().expect("an object");
    assert_eq!(
        fields.keys().collect::<Vec<_>>(),
        ["error", "error_description"]
    );
    assert_eq!(fields["error"], error, "{answer:?}");
    assert!(
        fields["error_description"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    let challenge = answer
        .headers
        .get(WWW_AUTHENTICATE)
        .map(|value| value.to_str().expect("text"));
    assert_eq!(
        challenge,
        (status == 401).then_some("Basic realm=\"oauth\"")
    );
}

#[tokio::test]
async fn the_client_may_be_named_in_the_header_or_in_the_body() {
    service(|s| async move {
        let in_the_body = form(&[("token", "x"), ("client_id", ID), ("client_secret", SECRET)]);
        let lower = resource_server(&s);
        let scheme = {
            use base64::{Engine, engine::general_purpose::STANDARD};
            let encoded = SECRET.replace(',', "%2C").replace(' ', "%20");
            format!("bASIC {}", STANDARD.encode(format!("{ID}:{encoded}")))
        };
        for path in ENDPOINTS {
            let by_header = resource_server(&s).form(path, "token=x").await;
            let by_body = s.anonymous().form(path, &in_the_body).await;
            let in_any_case = lower
                .clone()
                .with(AUTHORIZATION, &scheme)
                .form(path, "token=x")
                .await;

            for answer in [by_header, by_body, in_any_case] {
                assert_eq!(answer.status, 200, "{answer:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn anybody_else_is_no_client() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let strangers = [
            s.anonymous(),
            ada.clone(),
            s.anonymous().with_basic(ID, "wrong"),
            s.anonymous().with_basic("ada", SECRET),
            s.anonymous().with_basic(ID, ""),
            s.anonymous().with_basic("", ""),
            s.anonymous().with(AUTHORIZATION, "Basic"),
            s.anonymous().with(AUTHORIZATION, "Basic !!!"),
            s.anonymous()
                .with(AUTHORIZATION, "Basic cmVzb3VyY2Utc2VydmVy"),
        ];
        let bodies = [
            form(&[("token", ada.token())]),
            form(&[("token", ada.token()), ("client_id", ID)]),
            form(&[
                ("token", ada.token()),
                ("client_id", ID),
                ("client_secret", "wrong"),
            ]),
            form(&[("token", ada.token()), ("client_secret", SECRET)]),
            String::new(),
        ];

        for path in ENDPOINTS {
            for client in &strangers {
                is_refused(&client.form(path, &bodies[0]).await, 401, "invalid_client");
            }
            for body in &bodies {
                is_refused(&s.anonymous().form(path, body).await, 401, "invalid_client");
            }
        }

        assert!(ada.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn wrong_credentials_in_the_header_are_not_mended_by_the_body() {
    service(|s| async move {
        let body = form(&[("token", "x"), ("client_id", ID), ("client_secret", SECRET)]);

        let answer = s
            .anonymous()
            .with_basic(ID, "wrong")
            .form(ENDPOINTS[0], &body)
            .await;

        is_refused(&answer, 401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn where_no_client_is_configured_there_is_none() {
    let none = |config: &mut _| {
        set(config, "oauth.client_id", "");
        set(config, "oauth.client_secret", "");
    };
    service_with(none, |s| async move {
        for (id, secret) in [("", ""), (ID, SECRET), (ID, ""), ("", SECRET)] {
            let by_header = s.anonymous().with_basic(id, secret);
            let answer = by_header.form(ENDPOINTS[0], "token=x").await;
            is_refused(&answer, 401, "invalid_client");
            let body = form(&[("token", "x"), ("client_id", id), ("client_secret", secret)]);
            let answer = s.anonymous().form(ENDPOINTS[0], &body).await;
            is_refused(&answer, 401, "invalid_client");
        }
    })
    .await;
}

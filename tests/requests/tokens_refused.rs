//! Tokens that are not ours, or not good now (RFC 8725): each is a 401 that says no more.

mod claims;
mod headers;
mod signatures;

use axum::{
    body::Body,
    http::{Request, header},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rollcall::settings;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Client, Service, service};

const CURRENT: &str = "/v1/api/users/";

/// Somebody who forges tokens of this account, and knows the secret.
struct Forger {
    anonymous: Client,
    secret: Vec<u8>,
    now: i64,
    user: Uuid,
    session: Uuid,
}

impl Forger {
    async fn of(s: &Service) -> Self {
        let ada = s.member("ada").await;
        let sessions = ada.get("/v1/api/users/sessions").await.body;
        Self {
            session: sessions[0]["id"].as_str().unwrap().parse().unwrap(),
            anonymous: s.anonymous(),
            secret: settings::secret_bytes(&s.ctx.config).unwrap(),
            now: s.rollcall.clock.now().timestamp(),
            user: ada.id().parse().unwrap(),
        }
    }

    /// The claims of a good token, with these changed; null takes one away.
    fn claims(&self, changes: Value) -> Value {
        let mut claims = json!({
            "pid": self.user, "sub": self.user, "sid": self.session, "role": "user", "iss": "rollcall", "aud": "rollcall",
            "iat": self.now, "exp": self.now + 3600, "jti": Uuid::now_v7(),
        });
        let (Value::Object(fields), Value::Object(changes)) = (&mut claims, changes) else {
            panic!("objects");
        };
        fields.extend(changes);
        fields.retain(|_, value| !value.is_null());
        claims
    }

    fn sign(&self, algorithm: Algorithm, secret: &[u8], changes: Value) -> String {
        let key = EncodingKey::from_secret(secret);
        jsonwebtoken::encode(&Header::new(algorithm), &self.claims(changes), &key).unwrap()
    }

    fn forge(&self, changes: Value) -> String {
        self.sign(Algorithm::HS512, &self.secret, changes)
    }

    async fn present(&self, token: &str) -> Answer {
        self.authorize(&format!("Bearer {token}")).await
    }

    async fn authorize(&self, value: &str) -> Answer {
        let request = Request::get(CURRENT).header(header::AUTHORIZATION, value.as_bytes());
        let request = request.body(Body::empty()).unwrap();
        self.anonymous.raw(request).await
    }

    async fn is_refused(&self, what: &str, token: &str) {
        let answer = self.present(token).await;
        assert_eq!(answer.status, 401, "{what}: {answer:?}");
        answer.is_problem(401, "invalid_token");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn what_the_forger_leaves_alone_is_accepted() {
    service(|s| async move {
        let forger = Forger::of(&s).await;

        for changes in [
            json!({}),
            json!({"jti": Uuid::nil(), "iat": forger.now - 3000, "exp": forger.now + 60}),
            // Two nodes' clocks differ a little.
            json!({"iat": forger.now + 3, "nbf": forger.now + 3}),
        ] {
            let answer = forger.present(&forger.forge(changes)).await;

            assert_eq!(answer.status, 200, "{answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn garbage_is_refused() {
    service(|s| async move {
        let forger = Forger::of(&s).await;
        let good = forger.forge(json!({}));
        let long = "x".repeat(8000);

        for token in [
            "",
            ".",
            "..",
            "...",
            "a.b.c",
            "null",
            "undefined",
            "{}",
            "\u{e9}",
            long.as_str(),
            &format!("{good}.{good}"),
            &format!("{good}x"),
            &format!("{good} {good}"),
            &format!("{good},"),
            &format!("\"{good}\""),
        ] {
            forger.is_refused(token, token).await;
        }
    })
    .await;
}

#[tokio::test]
async fn another_scheme_is_refused_and_bearer_has_any_case() {
    service(|s| async move {
        let forger = Forger::of(&s).await;
        let good = forger.forge(json!({}));

        for scheme in [
            "Basic ",
            "Digest ",
            "Token ",
            "JWT ",
            "BearerBearer ",
            "Bearer",
            "",
            " ",
        ] {
            let answer = forger.authorize(&format!("{scheme}{good}")).await;

            answer.is_problem(401, "invalid_token");
        }
        for scheme in ["Bearer ", "bearer ", "BEARER ", "bEaReR  "] {
            let answer = forger.authorize(&format!("{scheme}{good}")).await;

            assert_eq!(answer.status, 200, "{scheme}: {answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_outside_the_header_is_none() {
    service(|s| async move {
        let forger = Forger::of(&s).await;
        let good = forger.forge(json!({}));

        for name in ["token", "access_token", "authorization"] {
            let path = format!("{CURRENT}?{name}={good}");
            let answer = s.anonymous().get(&path).await;

            answer.is_problem(401, "invalid_token");
        }
        let cookie = format!("token={good}; access_token={good}");
        let request = Request::get(CURRENT).header(header::COOKIE, cookie);
        let answer = s
            .anonymous()
            .raw(request.body(Body::empty()).unwrap())
            .await;
        answer.is_problem(401, "invalid_token");
    })
    .await;
}

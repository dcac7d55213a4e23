//! Headers that want to say which key or algorithm counts (RFC 8725, sections 2.1, 2.10 and 3.1).

use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::{CURRENT, Forger};
use crate::support::service;

const FOREIGN: &[u8] =
    b"a key that the forger has made up, and is long enough for HMAC-SHA-512 by any standard.";

/// A token of these very texts, signed with this key.
fn signed(header: &str, claims: &str, key: &[u8]) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let key = EncodingKey::from_secret(key);
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS512).unwrap();
    format!("{message}.{signature}")
}

#[tokio::test]
async fn a_key_that_a_token_brings_along_is_not_used() {
    service(|s| async move {
        let forger = Forger::of(&s).await;
        let claims = forger.claims(json!({})).to_string();
        let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(FOREIGN), "alg": "HS512"});
        for with in [
            json!({"jwk": jwk}),
            json!({"jku": "https://forger.example.com/keys.json"}),
            json!({"x5u": "https://forger.example.com/chain.pem"}),
            json!({"x5c": ["MIIB"]}),
            json!({"kid": "../../../dev/null"}),
            json!({"kid": "' UNION SELECT 'x"}),
        ] {
            let mut header = json!({"typ": "JWT", "alg": "HS512"});
            let (Value::Object(fields), Value::Object(more)) = (&mut header, with.clone()) else {
                panic!("objects");
            };
            fields.extend(more);
            for key in [FOREIGN, b""] {
                let token = signed(&header.to_string(), &claims, key);
                forger.is_refused(&with.to_string(), &token).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_said_twice_is_refused_and_so_is_another_encoding() {
    service(|s| async move {
        let forger = Forger::of(&s).await;
        let header = r#"{"typ":"JWT","alg":"HS512"}"#;
        let claims = forger.claims(json!({})).to_string();
        let good = signed(header, &claims, &forger.secret);
        assert_eq!(forger.present(&good).await.status, 200, "the forger's tool");

        // Signed by us, and in another order: still ours.
        let turned = signed(r#"{"alg":"HS512","typ":"JWT"}"#, &claims, &forger.secret);
        assert_eq!(forger.present(&turned).await.status, 200);

        for (what, header, claims) in [
            (
                "crit",
                r#"{"alg":"HS512","crit":["exp"]}"#.to_string(),
                claims.clone(),
            ),
            (
                "an empty crit",
                r#"{"alg":"HS512","crit":[]}"#.to_string(),
                claims.clone(),
            ),
            (
                "alg twice",
                r#"{"alg":"none","alg":"HS512"}"#.to_string(),
                claims.clone(),
            ),
            (
                "sub twice",
                header.to_string(),
                claims.replacen('{', r#"{"sub":"01980000-0000-7000-8000-000000000001","#, 1),
            ),
            (
                "sid twice",
                header.to_string(),
                claims.replacen('{', r#"{"sid":"01980000-0000-7000-8000-000000000001","#, 1),
            ),
            (
                "exp twice",
                header.to_string(),
                claims.replacen('{', r#"{"exp":1,"#, 1),
            ),
            ("no object", header.to_string(), format!("[{claims}]")),
            ("no header", "null".to_string(), claims.clone()),
            (
                "more after it",
                header.to_string(),
                format!("{claims}{claims}"),
            ),
        ] {
            let token = signed(&header, &claims, &forger.secret);
            forger.is_refused(what, &token).await;
        }
        let parts: Vec<&str> = good.split('.').collect();
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        for signature in [
            URL_SAFE.encode(&signature),
            format!("{}=", parts[2]),
            STANDARD.encode(&signature),
        ] {
            let token = format!("{}.{}.{signature}", parts[0], parts[1]);
            forger.is_refused("another base64", &token).await;
        }
    })
    .await;
}

#[tokio::test]
async fn of_two_tokens_none_counts() {
    service(|s| async move {
        let forger = Forger::of(&s).await;
        let good = format!("Bearer {}", forger.forge(json!({})));
        for values in [
            [good.as_str(), "Bearer x"],
            ["Bearer x", &good],
            [&good, &good],
        ] {
            let mut request = Request::get(CURRENT);
            for value in values {
                request = request.header(header::AUTHORIZATION, value);
            }
            let answer = s
                .anonymous()
                .raw(request.body(Body::empty()).unwrap())
                .await;
            answer.is_problem(401, "invalid_token");
        }
    })
    .await;
}

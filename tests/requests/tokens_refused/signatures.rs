//! Signed by nobody, by another key, or in another way.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::Forger;
use crate::support::service;

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn another_algorithm_or_signature_is_refused() {
    service(|s| async move {
        let forger = Forger::of(&s).await;
        let good = forger.forge(json!({}));
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let payload = encoded(&forger.claims(json!({})));

        for algorithm in ["none", "None", "NONE", "nOnE", "", "HS512", "RS256"] {
            let header = encoded(&json!({"typ": "JWT", "alg": algorithm}));
            for signature in ["", signature] {
                let token = format!("{header}.{payload}.{signature}");
                forger.is_refused(algorithm, &token).await;
            }
        }
        for algorithm in [Algorithm::HS256, Algorithm::HS384] {
            let token = forger.sign(algorithm, &forger.secret, json!({}));
            forger.is_refused("another HMAC", &token).await;
        }
        for secret in [b"".as_slice(), b"another secret", &forger.secret[1..]] {
            let token = forger.sign(Algorithm::HS512, secret, json!({}));
            forger.is_refused("another secret", &token).await;
        }
        let admin = encoded(&forger.claims(json!({"role": "admin"})));
        let header = signed.split('.').next().unwrap();
        for token in [
            format!("{signed}."),
            signed.to_string(),
            format!("{signed}.{}", &signature[1..]),
            format!("{header}.{admin}.{signature}"),
        ] {
            forger.is_refused("a foreign signature", &token).await;
        }
    })
    .await;
}

//! Signed by us, and wrong in what it says.

use serde_json::json;
use uuid::Uuid;

use super::{CURRENT, Forger};
use crate::support::service;

#[tokio::test]
async fn wrong_or_missing_claims_are_refused() {
    service(|s| async move {
        let forger = Forger::of(&s).await;
        let now = forger.now;
        let nobody = Uuid::now_v7();

        for changes in [
            json!({"iss": "another"}),
            json!({"iss": ["rollcall", "another"]}),
            json!({"iss": ""}),
            json!({"iss": null}),
            json!({"aud": "another"}),
            json!({"aud": ["another", "rollcall"]}),
            json!({"aud": null}),
            json!({"exp": null}),
            json!({"exp": now}),
            json!({"exp": now - 1}),
            json!({"exp": 0}),
            json!({"exp": -1}),
            json!({"exp": now + 3600 + 60}),
            json!({"exp": i64::MAX}),
            json!({"exp": u64::MAX}),
            json!({"exp": 1e300}),
            json!({"exp": (now + 60).to_string()}),
            json!({"nbf": now + 60}),
            json!({"nbf": i64::MAX}),
            json!({"iat": now + 60}),
            json!({"iat": i64::MAX}),
            json!({"iat": null}),
            json!({"pid": nobody}),
            json!({"sub": nobody}),
            json!({"sub": nobody, "pid": nobody}),
            json!({"sid": nobody}),
            json!({"sid": null}),
            json!({"sub": null}),
            json!({"pid": null}),
            json!({"sub": "ada", "pid": "ada"}),
            json!({"role": "root"}),
            json!({"jti": null}),
        ] {
            let what = changes.to_string();
            forger.is_refused(&what, &forger.forge(changes)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_good_token_of_nobody_finds_no_user() {
    service(|s| async move {
        let forger = Forger::of(&s).await;
        let nobody = Uuid::now_v7();

        let answer = forger
            .present(&forger.forge(json!({"sub": nobody, "pid": nobody, "sid": nobody})))
            .await;

        answer.is_problem(404, "user_not_found");
    })
    .await;
}

#[tokio::test]
async fn the_role_in_a_token_opens_nothing() {
    service(|s| async move {
        let forger = Forger::of(&s).await;
        let token = forger.forge(json!({"role": "admin"}));

        let client = s.anonymous().with_token(&token);

        assert_eq!(client.get(CURRENT).await.body["role"], "user");
        let answer = client.get("/v1/api/users/admin-only").await;
        answer.is_problem(403, "forbidden");
    })
    .await;
}

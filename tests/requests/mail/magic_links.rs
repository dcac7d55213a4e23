use chrono::Duration;
use serde_json::json;

use super::ANOTHER;
use crate::support::{in_parallel, service};

const ASK: &str = "/auth/magic-link";
const OPEN: &str = "/auth/magic-link/session";
const ADA: &str = "ada@example.com";

#[tokio::test]
async fn a_link_opens_one_session() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let token = s.token_from(ASK, ADA).await;

        let client = s.anonymous();
        let opened = in_parallel(20, move |_| {
            let (client, token) = (client.clone(), token.clone());
            async move { client.post(OPEN, json!({"token": token})).await }
        })
        .await;

        let (won, lost): (Vec<_>, Vec<_>) = opened.iter().partition(|answer| answer.status == 200);
        assert_eq!(won.len(), 1);
        for answer in lost {
            answer.is_problem(422, "validation_failed");
        }
        assert_eq!(won[0].body["token_type"], "bearer");
        assert_eq!(won[0].headers["cache-control"], "no-store");
        assert!(s.anonymous().with_tokens(won[0]).is_in().await);
        let sessions = s.sessions_of(ada.uuid()).await;
        assert_eq!(sessions.len(), 2);
        assert!(
            sessions
                .iter()
                .any(|session| session.authentication_method == "magic_link")
        );
        assert!(ada.is_in().await, "the other session goes on");
        assert!(s.row(&ada).await.is_verified());
    })
    .await;
}

#[tokio::test]
async fn a_link_is_good_for_ten_minutes() {
    service(|s| async move {
        s.member("ada").await;
        let token = s.token_from(ASK, ADA).await;

        s.advance(Duration::minutes(10));

        assert_eq!(s.anonymous().use_token(OPEN, &token, None).await, 422);
    })
    .await;
}

/// No password was shown, so it does not count as one.
#[tokio::test]
async fn a_session_of_a_link_must_show_the_password_to_change_it() {
    service(|s| async move {
        s.member("ada").await;
        let token = s.token_from(ASK, ADA).await;
        let opened = s.anonymous().post(OPEN, json!({"token": token})).await;
        let ada = s.anonymous().with_tokens(&opened);

        for change in [
            json!({"password": ANOTHER}),
            json!({"email": "new@example.com"}),
        ] {
            let answer = ada.patch("/v1/api/users/", change).await;
            answer.is_problem(403, "reauthentication_required");
        }
    })
    .await;
}

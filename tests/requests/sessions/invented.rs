//! What is no refresh token of ours ends nobody's session.

use rollcall::models::sessions::refresh_token::RefreshTokens;

use crate::support::service;

#[tokio::test]
async fn a_token_that_was_never_issued_ends_nothing() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let session = s.sessions_of(ada.uuid()).await.remove(0);
        let token = ada.refresh_token();
        let last = if token.ends_with('A') { "B" } else { "A" };
        // The tag is at the end, the secret in the middle, the session at the beginning.
        let swapped = |at: usize| {
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &token[..at], &token[at + 1..])
        };
        let foreign = RefreshTokens::new(b"the secret of another service....");
        let foreign = foreign.first(session.id).reveal();
        let invented = [
            swapped(6),
            swapped(40),
            swapped(token.len() - 4),
            format!("{token}{last}"),
            token[..token.len() - 4].to_string(),
            token.trim_start_matches("rcr_").to_string(),
            foreign,
            ada.token().to_string(),
            session.id.to_string(),
            session.refresh_digest,
            "rcr_".to_string(),
            String::new(),
            "\0".to_string(),
        ];

        for token in &invented {
            let answer = ada.refresh(token).await;
            answer.is_problem(401, "invalid_refresh_token");
        }

        assert!(ada.is_in().await);
        assert_eq!(ada.refresh(token).await.status, 200, "the session goes on");
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answer = s
            .anonymous()
            .with_token(ada.refresh_token())
            .get("/v1/api/users/")
            .await;

        answer.is_problem(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn a_renewal_without_a_token_names_the_missing_field() {
    service(|s| async move {
        let answer = s
            .anonymous()
            .form("/auth/token", "grant_type=refresh_token")
            .await;

        answer.is_problem(422, "validation_failed");
        assert_eq!(answer.pointers(), ["/refresh_token"]);
    })
    .await;
}

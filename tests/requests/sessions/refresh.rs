//! A refresh token is used once, and a lost answer can be asked for again.

use std::collections::HashSet;

use chrono::Duration;

use crate::support::{in_parallel, service};

#[tokio::test]
async fn a_refresh_gives_another_pair_of_the_same_session() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answer = ada.refresh(ada.refresh_token()).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.text_of("token_type"), "bearer");
        assert_eq!(answer.body["expires_in"], 3600);
        assert_ne!(answer.text_of("refresh_token"), ada.refresh_token());
        assert_ne!(answer.text_of("access_token"), ada.token());
        assert!(
            answer.device().is_none(),
            "a login only makes a device known"
        );
        let renewed = s.anonymous().with_tokens(&answer);
        assert!(renewed.is_in().await && ada.is_in().await);
        assert_eq!(s.sessions_of(ada.uuid()).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_does_not_count_as_showing_the_password() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let before = s.sessions_of(ada.uuid()).await.remove(0);
        s.advance(Duration::minutes(5));

        assert_eq!(ada.refresh(ada.refresh_token()).await.status, 200);

        let after = s.sessions_of(ada.uuid()).await.remove(0);
        assert_eq!(after.authenticated_at, before.authenticated_at);
        assert_eq!(after.expires_at, before.expires_at);
        assert!(after.idle_expires_at > before.idle_expires_at);
        assert!(after.last_seen_at > before.last_seen_at);
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_for_ten_seconds() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let started = s.now();
        let first = ada.refresh(ada.refresh_token()).await;

        s.set_clock(started + Duration::seconds(9));
        let again = ada.refresh(ada.refresh_token()).await;

        assert_eq!(again.status, 200, "{again:?}");
        assert_eq!(
            again.text_of("refresh_token"),
            first.text_of("refresh_token")
        );
        let renewed = s.anonymous().with_tokens(&again);
        assert!(renewed.is_in().await);
        assert_eq!(renewed.refresh(renewed.refresh_token()).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_token_whose_child_was_used_ends_the_session() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let child = s
            .anonymous()
            .with_tokens(&ada.refresh(ada.refresh_token()).await);
        let grandchild = s
            .anonymous()
            .with_tokens(&child.refresh(child.refresh_token()).await);
        assert!(grandchild.is_in().await);

        let reused = ada.refresh(ada.refresh_token()).await;

        reused.is_problem(401, "invalid_refresh_token");
        for client in [&ada, &child, &grandchild] {
            client
                .get("/v1/api/users/")
                .await
                .is_problem(401, "invalid_token");
            let answer = client.refresh(client.refresh_token()).await;
            answer.is_problem(401, "invalid_refresh_token");
        }
        let session = s.sessions_of(ada.uuid()).await.remove(0);
        assert_eq!(
            session.revoked_reason.as_deref(),
            Some("refresh_token_reused")
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_used_again_after_ten_seconds_ends_the_session() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let other = s.log_in("ada", crate::support::PASSWORD).await;
        let started = s.now();
        let child = s
            .anonymous()
            .with_tokens(&ada.refresh(ada.refresh_token()).await);
        assert!(child.is_in().await);

        s.set_clock(started + Duration::seconds(12));
        let reused = ada.refresh(ada.refresh_token()).await;

        reused.is_problem(401, "invalid_refresh_token");
        child
            .get("/v1/api/users/")
            .await
            .is_problem(401, "invalid_token");
        let answer = child.refresh(child.refresh_token()).await;
        answer.is_problem(401, "invalid_refresh_token");
        assert!(other.is_in().await, "another login goes on");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_parallel_refreshes_agree_on_one_successor() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answers = in_parallel(20, |_| {
            let ada = ada.clone();
            async move { ada.refresh(ada.refresh_token()).await }
        })
        .await;

        assert!(
            answers.iter().all(|answer| answer.status == 200),
            "{answers:?}"
        );
        let successors: HashSet<_> = answers.iter().map(|a| a.text_of("refresh_token")).collect();
        assert_eq!(successors.len(), 1);
        assert_eq!(s.open_sessions(ada.uuid()).await, 1);
        for answer in &answers {
            assert!(s.anonymous().with_tokens(answer).is_in().await);
        }
        let successor = answers[0].text_of("refresh_token");
        assert_eq!(
            ada.refresh(successor).await.status,
            200,
            "it works once more"
        );
    })
    .await;
}

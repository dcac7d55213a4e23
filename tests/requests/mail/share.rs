//! Mails to one address, and for one client, are few.

use chrono::Duration;
use serde_json::json;

use crate::support::{in_parallel, service};

const ASK: [&str; 3] = [
    "/auth/password/forgot",
    "/auth/magic-link",
    "/auth/verify-email/request",
];

#[tokio::test]
async fn an_address_gets_three_mails_and_then_one_an_hour_whether_anybody_has_it_or_not() {
    service(|s| async move {
        s.member("ada").await;
        s.advance(Duration::hours(4));
        let start = s.now();
        let mut seen = Vec::new();

        for who in ["ada", "nobody"] {
            s.set_clock(start);
            let mut answers = Vec::new();
            let body = json!({"email": format!("{who}@example.com")});
            for minutes in [0, 0, 0, 0, 59, 2, 1, 60] {
                s.advance(Duration::minutes(minutes));
                let path = ASK[answers.len() % 3];
                let answer = s.anonymous().post(path, body.clone()).await;
                answers.push((answer.seen(), answer.headers.get("retry-after").cloned()));
            }
            seen.push(answers);
        }

        let statuses: Vec<_> = seen[0].iter().map(|((status, _), _)| *status).collect();
        assert_eq!(statuses, [202, 202, 202, 429, 429, 202, 429, 202]);
        assert_eq!(seen[0][3].1.as_ref().expect("a time"), "3600");
        assert_eq!(seen[0], seen[1]);
    })
    .await;
}

#[tokio::test]
async fn of_twenty_parallel_requests_three_are_admitted() {
    service(|s| async move {
        let client = s.anonymous();
        let statuses = in_parallel(20, move |i| {
            let client = client.clone();
            let body = json!({"email": "ada@example.com"});
            async move { client.post(ASK[i % 3], body).await.status }
        })
        .await;

        assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 3);
        assert!(statuses.iter().all(|status| [202, 429].contains(status)));
        assert_eq!(s.outbox().await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_client_has_a_share_for_all_addresses_together() {
    service(|s| async move {
        let (one, other) = (s.anonymous().at("192.0.2.1"), s.anonymous().at("192.0.2.2"));
        let ask = |n: usize| json!({"email": format!("somebody-{n}@example.com")});

        for n in 0..30 {
            assert_eq!(one.post(ASK[0], ask(n)).await.status, 202);
        }

        one.post(ASK[0], ask(30))
            .await
            .is_problem(429, "too_many_requests");
        assert_eq!(other.post(ASK[0], ask(31)).await.status, 202);
        s.advance(Duration::minutes(2));
        assert_eq!(one.post(ASK[0], ask(32)).await.status, 202);
        one.post(ASK[0], ask(33))
            .await
            .is_problem(429, "too_many_requests");
    })
    .await;
}

/// Nobody is kept from registering; the mail has to be asked for.
#[tokio::test]
async fn a_registration_beyond_the_share_succeeds_without_a_mail() {
    service(|s| async move {
        for path in ASK {
            let body = json!({"email": "ada@example.com"});
            assert_eq!(s.anonymous().post(path, body).await.status, 202);
        }

        assert_eq!(s.mails().await.len(), 0, "nobody has this address");

        s.member("ada").await;

        assert_eq!(s.mails_to("ada@example.com").await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_address_counts_for_the_new_one() {
    service(|s| async move {
        let ada = s.member("ada").await;
        for _ in 0..3 {
            let answer = ada
                .patch("/v1/api/users/", json!({"email": "new@example.com"}))
                .await;
            assert_eq!(answer.status, 202);
        }

        let change = json!({"email": "new@example.com", "first_name": "x"});
        let answer = ada.patch("/v1/api/users/", change).await;

        answer.is_problem(429, "too_many_requests");
        assert!(s.row(&ada).await.first_name.is_none());
        let ordered = s.outbox().await;
        let to_new = ordered
            .iter()
            .filter(|mail| mail.recipient == "new@example.com");
        assert_eq!(to_new.count(), 3);
    })
    .await;
}

/// Requests take their time, and end in another order than they began.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn registrations_of_one_client_that_overtake_each_other_all_get_their_mail() {
    service(|s| async move {
        let client = s.anonymous().at("192.0.2.1");
        in_parallel(12, move |i| {
            let client = client.clone();
            let body = json!({
                "username": format!("user-{i}"), "email": format!("user-{i}@example.com"),
                "password": crate::support::PASSWORD,
            });
            async move { assert_eq!(client.post("/auth/register", body).await.status, 201) }
        })
        .await;

        assert_eq!(s.mails().await.len(), 12);
    })
    .await;
}

//! Guessing is slowed down, whether there is anything to guess or not.

use chrono::Duration;

use crate::support::{Answer, PASSWORD, Service, service};

const WRONG: &str = "a wrong password";

/// Delays after the fourth failure and those that follow; the last one stays.
const DELAYS: [u64; 11] = [1, 3, 5, 10, 60, 120, 300, 600, 900, 900, 900];
const FREE: usize = 3;
/// Failures in a row after which an identifier is closed.
const CLOSED_AFTER: usize = 33;
const A_DAY: u64 = 86_400;

async fn guess(s: &Service, who: &str) -> Answer {
    s.anonymous().log_in(who, WRONG).await
}

/// Fail once more as soon as it is allowed.
async fn patient_guess(s: &Service, who: &str) {
    let mut answer = guess(s, who).await;
    if answer.status == 429 {
        s.advance(Duration::seconds(answer.retry_after().cast_signed()));
        answer = guess(s, who).await;
    }
    answer.is_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn three_failures_are_free_and_each_one_more_costs_more() {
    service(|s| async move {
        s.member("ada").await;

        for _ in 0..FREE {
            guess(&s, "ada")
                .await
                .is_problem(401, "invalid_credentials");
        }
        for delay in DELAYS {
            let failed = s.now();
            guess(&s, "ada")
                .await
                .is_problem(401, "invalid_credentials");

            s.set_clock(failed + Duration::milliseconds(400));
            let refused = guess(&s, "ada").await;
            refused.is_problem(429, "too_many_requests");
            assert_eq!(refused.retry_after(), delay);

            // The right password does not help, and neither does asking all the time.
            s.set_clock(
                failed + Duration::seconds(delay.cast_signed()) - Duration::milliseconds(400),
            );
            let refused = s.anonymous().log_in("ada", PASSWORD).await;
            refused.is_problem(429, "too_many_requests");
            assert_eq!(refused.retry_after(), 1);
            s.set_clock(failed + Duration::seconds(delay.cast_signed() + 1));
        }
        assert!(s.log_in("ada", PASSWORD).await.is_in().await);
    })
    .await;
}

#[tokio::test]
async fn known_unknown_and_inactive_identifiers_are_refused_alike() {
    service(|s| async move {
        s.member("ada").await;
        let eve = s.member("eve").await;
        s.suspend(eve.uuid()).await;
        let gone = s.member("bob").await;
        assert_eq!(gone.delete("/v1/api/users/").await.status, 204);

        let mut seen = Vec::new();
        for who in [
            "ada",
            "eve",
            "bob",
            "nobody",
            "no@example.com",
            "+123456789",
            "\0",
            "",
        ] {
            let mut answers = Vec::new();
            let started = s.now();
            for at in [0, 1000, 2000, 3000, 3400, 5000, 5400, 9000, 20_000, 20_400] {
                s.set_clock(started + Duration::milliseconds(at));
                let answer = guess(&s, who).await;
                let wait = answer.headers.get("retry-after").cloned();
                answers.push((answer.seen(), wait));
            }
            seen.push((who, answers));
        }

        let statuses: Vec<u16> = seen[0].1.iter().map(|((status, _), _)| *status).collect();
        assert_eq!(statuses, [401, 401, 401, 401, 429, 401, 429, 401, 401, 429]);
        for (who, answers) in &seen {
            assert_eq!(*answers, seen[0].1, "{who}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_success_starts_the_count_anew() {
    service(|s| async move {
        s.member("ada").await;

        for _ in 0..4 {
            for _ in 0..FREE {
                guess(&s, "ada")
                    .await
                    .is_problem(401, "invalid_credentials");
            }
            assert_eq!(s.anonymous().log_in("ada", PASSWORD).await.status, 200);
            assert_eq!(s.counts().await, []);
        }
    })
    .await;
}

#[tokio::test]
async fn after_33_failures_an_identifier_is_closed() {
    service(|s| async move {
        s.member("ada").await;

        for who in ["ada", "nobody"] {
            for _ in 0..CLOSED_AFTER {
                patient_guess(&s, who).await;
            }
            for days in [0, 1, 30] {
                s.advance(Duration::days(days));
                for password in [WRONG, PASSWORD] {
                    let refused = s.anonymous().log_in(who, password).await;
                    refused.is_problem(429, "too_many_requests");
                    assert_eq!(refused.retry_after(), A_DAY);
                }
            }
        }

        assert!(s.counts().await.iter().all(|row| row.failures == 33));
        let other = s.anonymous().log_in("ada@example.com", PASSWORD).await;
        assert_eq!(other.status, 200, "each identifier for itself");
    })
    .await;
}

//! `Hasher`: Argon2id, the same work for everybody, and never more at once than allowed.

use std::time::Duration;

use rollcall::{
    models::{Error, users::password::Hasher},
    settings::{Password, Settings},
};

use crate::support::in_parallel;

const FAST: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

fn settings() -> Password {
    Settings::default().password
}

/// One hash at once, each far longer than anybody may wait.
fn slow_and_alone() -> Hasher {
    let settings = Password {
        iterations: 64,
        concurrency: 1,
        max_wait_ms: 100,
        ..settings()
    };
    Hasher::new(&settings).unwrap()
}

#[tokio::test]
async fn a_hash_matches_its_password_only() {
    let hasher = Hasher::new(&settings()).unwrap();

    let hash = hasher.hash("correct horse battery").await.unwrap();

    assert!(hash.starts_with(FAST), "{hash}");
    assert!(!hash.contains("horse"));
    assert!(
        hasher
            .verify("correct horse battery", Some(&hash))
            .await
            .unwrap()
    );
    for wrong in [
        "",
        "correct horse batter",
        "correct horse battery ",
        "Correct horse battery",
    ] {
        assert!(
            !hasher.verify(wrong, Some(&hash)).await.unwrap(),
            "{wrong:?}"
        );
    }
}

#[tokio::test]
async fn two_hashes_of_one_password_differ() {
    let hasher = Hasher::new(&settings()).unwrap();

    let (one, two) = (
        hasher.hash("password").await.unwrap(),
        hasher.hash("password").await.unwrap(),
    );

    assert_ne!(one, two);
}

#[tokio::test]
async fn a_password_is_hashed_in_its_composed_form() {
    let hasher = Hasher::new(&settings()).unwrap();

    let hash = hasher.hash("caf\u{e9}").await.unwrap();

    assert!(hasher.verify("cafe\u{301}", Some(&hash)).await.unwrap());
    assert!(!hasher.verify("cafe", Some(&hash)).await.unwrap());
}

#[tokio::test]
async fn without_a_hash_no_password_matches() {
    let hasher = Hasher::new(&settings()).unwrap();

    for password in ["", "password", "\0", "nobody's salt"] {
        assert!(
            !hasher.verify(password, None).await.unwrap(),
            "{password:?}"
        );
    }
}

#[tokio::test]
async fn the_parameters_of_the_hash_are_those_that_count() {
    let hasher = Hasher::new(&settings()).unwrap();
    let stronger = Password {
        iterations: 3,
        parallelism: 2,
        ..settings()
    };

    let hash = Hasher::new(&stronger)
        .unwrap()
        .hash("password")
        .await
        .unwrap();

    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=3,p=2$"),
        "{hash}"
    );
    assert!(hasher.verify("password", Some(&hash)).await.unwrap());
}

#[tokio::test]
async fn what_is_not_a_hash_is_an_error_and_no_match() {
    let hasher = Hasher::new(&settings()).unwrap();

    for broken in ["", "plain", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"] {
        let verdict = hasher.verify("plain", Some(broken)).await;

        assert!(!matches!(verdict, Ok(true)), "{broken:?}");
    }
}

#[tokio::test]
async fn who_waits_too_long_for_a_turn_is_refused() {
    let hasher = slow_and_alone();

    let outcomes = in_parallel(4, |_| {
        let hasher = hasher.clone();
        async move { hasher.hash("password").await }
    })
    .await;

    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(Error::Overloaded(_))))
        .count();
    assert_eq!((done, refused), (1, 3), "{outcomes:?}");
    assert!(hasher.verify("password", None).await.is_ok());
}

#[tokio::test]
async fn work_that_nobody_waits_for_still_counts() {
    let hasher = slow_and_alone();

    let given_up = tokio::time::timeout(Duration::ZERO, hasher.hash("password")).await;
    let next = hasher.hash("password").await;

    assert!(given_up.is_err());
    assert!(matches!(next, Err(Error::Overloaded(_))), "{next:?}");
}

#[tokio::test]
async fn as_many_as_allowed_work_at_once() {
    let settings = Password {
        iterations: 64,
        concurrency: 2,
        max_wait_ms: 100,
        ..settings()
    };
    let hasher = Hasher::new(&settings).unwrap();

    let outcomes = in_parallel(3, |_| {
        let hasher = hasher.clone();
        async move { hasher.hash("password").await.is_ok() }
    })
    .await;

    assert_eq!(outcomes.iter().filter(|done| **done).count(), 2);
}

#[tokio::test]
async fn the_async_threads_stay_free_while_hashes_are_made() {
    let hasher = slow_and_alone();

    let hash = hasher.hash("password");
    let others = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    };

    // This test has one async thread: if that one hashed, the first poll would end it.
    tokio::select! {
        biased;
        _ = hash => panic!("nothing else had a turn"),
        () = others => {}
    }
}

//! Many registrations at once.

use serde_json::json;

use crate::support::{PASSWORD, in_parallel, service};

fn ada(i: usize) -> serde_json::Value {
    json!({"username": format!("ada{i}"), "email": format!("ada{i}@example.com"), "password": PASSWORD})
}

fn count(answers: &[u16], status: u16) -> usize {
    answers.iter().filter(|answer| **answer == status).count()
}

#[tokio::test]
async fn twenty_equal_registrations_make_one_account() {
    service(|s| async move {
        let client = s.anonymous();

        let answers = in_parallel(20, |_| {
            let client = client.clone();
            async move { client.post("/auth/register", ada(0)).await.status }
        })
        .await;

        assert_eq!(count(&answers, 201), 1, "{answers:?}");
        assert_eq!(count(&answers, 409), 19, "{answers:?}");
        assert_eq!(s.accounts().await, 1);
    })
    .await;
}

#[tokio::test]
async fn twenty_distinct_registrations_make_twenty_accounts() {
    service(|s| async move {
        let client = s.anonymous();

        let answers = in_parallel(20, |i| {
            let client = client.clone();
            async move { client.post("/auth/register", ada(i)).await.status }
        })
        .await;

        assert_eq!(count(&answers, 201), 20, "{answers:?}");
        assert_eq!(s.accounts().await, 20);
    })
    .await;
}

#[tokio::test]
async fn one_name_in_twenty_spellings_makes_one_account() {
    service(|s| async move {
        let client = s.anonymous();

        let answers = in_parallel(20, |i| {
            let client = client.clone();
            let spelling = ["ada", "ADA", "Ada", "ａｄａ"][i % 4];
            let email = format!("ada{i}@example.com");
            let body = json!({"username": spelling, "email": email, "password": PASSWORD});
            async move { client.post("/auth/register", body).await.status }
        })
        .await;

        assert_eq!(count(&answers, 201), 1, "{answers:?}");
        assert_eq!(count(&answers, 409), 19, "{answers:?}");
        assert_eq!(s.accounts().await, 1);
    })
    .await;
}

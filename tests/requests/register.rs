use serde_json::json;

use crate::support::{in_parallel, service};

fn ada(i: usize) -> serde_json::Value {
    json!({"username": format!("ada{i}"), "email": format!("ada{i}@example.com"), "password": "securepassword"})
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

        assert_eq!(
            answers.iter().filter(|status| **status == 201).count(),
            1,
            "{answers:?}"
        );
        assert_eq!(
            answers.iter().filter(|status| **status == 409).count(),
            19,
            "{answers:?}"
        );
        assert_eq!(
            rollcall::models::users::Model::newest(&s.ctx.db, 100)
                .await
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

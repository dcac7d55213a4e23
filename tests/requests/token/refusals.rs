//! A login that fails says the same, whatever the reason.

use serde_json::json;

use super::testuser;
use crate::support::{Answer, PASSWORD, Service, service};

async fn attempt(s: &Service, identifier: &str, password: &str) -> Answer {
    let body = json!({"username": identifier, "password": password});
    s.anonymous().post("/auth/token", body).await
}

/// All that a client sees, but for the request's id.
fn seen(mut answer: Answer) -> String {
    answer.body["instance"] = "".into();
    answer.headers.remove("x-request-id");
    format!("{} {:?} {}", answer.status, answer.headers, answer.body)
}

#[tokio::test]
async fn every_reason_gives_the_same_answer() {
    service(|s| async move {
        testuser(&s).await;
        let inactive = s.member("inactive").await;
        s.deactivate(&inactive).await;
        let deleted = s.member("deleted").await;
        deleted.delete("/v1/api/users/").await;

        let wrong_password = attempt(&s, "testuser", "wrong password").await;

        wrong_password.is_problem(401, "invalid_credentials");
        assert_eq!(wrong_password.headers["www-authenticate"], "Bearer");
        let expected = seen(wrong_password);
        for (identifier, password) in [
            ("testuser", ""),
            ("testuser", "CORRECT HORSE BATTERY"),
            ("testuser", "correct horse battery "),
            ("testuser@example.com", "wrong password"),
            ("+1234567890", "wrong password"),
            ("nobody", PASSWORD),
            ("nobody@example.com", PASSWORD),
            ("+9876543210", PASSWORD),
            ("", PASSWORD),
            ("@", PASSWORD),
            ("+", PASSWORD),
            ("%", PASSWORD),
            ("test_ser", PASSWORD),
            ("' OR '1'='1", PASSWORD),
            ("inactive", PASSWORD),
            ("inactive@example.com", PASSWORD),
            ("deleted", PASSWORD),
            ("deleted@example.com", PASSWORD),
        ] {
            let answer = attempt(&s, identifier, password).await;

            assert_eq!(seen(answer), expected, "{identifier:?} {password:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_nul_is_a_wrong_identifier() {
    service(|s| async move {
        testuser(&s).await;

        for identifier in [
            "\0",
            "testuser\0",
            "testuser\0@example.com",
            "+1234567890\0",
        ] {
            let answer = attempt(&s, identifier, PASSWORD).await;

            answer.is_problem(401, "invalid_credentials");
        }
        attempt(&s, "testuser", "\0")
            .await
            .is_problem(401, "invalid_credentials");
    })
    .await;
}

#[tokio::test]
async fn an_activated_account_logs_in_again() {
    service(|s| async move {
        use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
        let client = s.member("ada").await;
        s.deactivate(&client).await;
        attempt(&s, "ada", PASSWORD)
            .await
            .is_problem(401, "invalid_credentials");

        let mut row = s.row(&client).await.into_active_model();
        row.is_active = Set(true);
        row.update(&s.ctx.db).await.unwrap();

        assert_eq!(attempt(&s, "ada", PASSWORD).await.status, 200);
    })
    .await;
}

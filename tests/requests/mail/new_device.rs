use axum::http::header::{COOKIE, USER_AGENT};
use serde_json::json;

use crate::support::{PASSWORD, service};

const ADA: &str = "ada@example.com";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

#[tokio::test]
async fn a_login_from_a_new_device_is_told() {
    service(|s| async move {
        s.member("ada").await;
        let home = s.anonymous().at("192.0.2.1").with(USER_AGENT, FIREFOX);

        assert_eq!(home.log_in("ada", PASSWORD).await.status, 200);

        let notice = s.last_mail_to(ADA).await;
        assert_eq!(notice.subject, "New sign-in to Rollcall");
        assert!(notice.text.contains("Device: Firefox on Linux"));
        assert!(notice.text.contains("Address: 192.0.2.1"));
        assert!(home.log_in("ada", PASSWORD).await.status == 200);
        assert_eq!(
            s.mails_to(ADA).await.len(),
            2,
            "the second time it is known"
        );
    })
    .await;
}

#[tokio::test]
async fn a_device_with_its_cookie_is_known_wherever_it_is() {
    service(|s| async move {
        s.member("ada").await;
        let first = s.anonymous().log_in("ada", PASSWORD).await;
        let cookie = format!("rollcall_device={}", first.device().expect("a cookie"));

        let away = s.anonymous().at("198.51.100.7").with(COOKIE, &cookie);
        assert_eq!(away.log_in("ada", PASSWORD).await.status, 200);

        assert_eq!(
            s.mails_to(ADA).await.len(),
            1,
            "the one of the registration"
        );
    })
    .await;
}

#[tokio::test]
async fn a_failed_login_is_told_to_nobody() {
    service(|s| async move {
        s.member("ada").await;
        let elsewhere = s.anonymous().at("192.0.2.1").with(USER_AGENT, FIREFOX);

        elsewhere
            .log_in("ada", "a wrong guess")
            .await
            .is_problem(401, "invalid_credentials");
        let body = json!({"token": "rco_x"});
        elsewhere.post("/auth/magic-link/session", body).await;

        assert_eq!(s.mails_to(ADA).await.len(), 1);
    })
    .await;
}

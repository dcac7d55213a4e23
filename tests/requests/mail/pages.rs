//! Our own pages, for an installation without a front end.

use axum::http::{Method, header::ACCEPT_LANGUAGE};
use serde_json::json;

use super::{ANOTHER, required};
use crate::support::{Answer, PASSWORD, Service, service, service_with};

const ADA: &str = "ada@example.com";

/// Follow the link of the latest mail, as a browser does.
async fn follow(s: &Service, address: &str) -> (Answer, String) {
    let mail = s.last_mail_to(address).await;
    let path = mail
        .link()
        .strip_prefix("http://localhost:5150")
        .expect("our own page");
    (s.anonymous().get(path).await, mail.token().to_string())
}

async fn submit(s: &Service, page: &str, fields: &[(&str, &str)]) -> Answer {
    let form = serde_urlencoded::to_string(fields).expect("a form");
    s.anonymous().form(&format!("/account/{page}"), &form).await
}

#[track_caller]
fn is_page(answer: &Answer, status: u16, heading: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert!(
        answer.headers["content-security-policy"]
            .to_str()
            .expect("text")
            .contains("frame-ancestors 'none'")
    );
    assert!(
        answer.text.contains(&format!("<h1>{heading}</h1>")),
        "{}",
        answer.text
    );
    assert!(!answer.text.contains("<script"));
}

#[tokio::test]
async fn a_password_is_reset_on_the_page_and_opening_it_uses_nothing_up() {
    service(|s| async move {
        s.member("ada").await;
        s.token_from("/auth/password/forgot", ADA).await;
        for _ in 0..3 {
            let (page, token) = follow(&s, ADA).await;
            is_page(&page, 200, "Choose a new password");
            assert!(
                page.text
                    .contains(&format!("name=\"token\" value=\"{token}\""))
            );
        }
        let (_, token) = follow(&s, ADA).await;

        let short = submit(
            &s,
            "reset-password",
            &[("token", &token), ("password", "short")],
        )
        .await;
        is_page(&short, 422, "Choose a new password");
        assert!(short.text.contains("A password has at least 8 characters."));
        assert!(short.text.contains(&token), "the form can be sent again");
        let done = submit(
            &s,
            "reset-password",
            &[("token", &token), ("password", ANOTHER)],
        )
        .await;
        is_page(&done, 200, "Your password is set");

        assert!(s.log_in("ada", ANOTHER).await.is_in().await);
        let again = submit(
            &s,
            "reset-password",
            &[("token", &token), ("password", ANOTHER)],
        )
        .await;
        is_page(&again, 422, "Choose a new password");
        assert!(again.text.contains("role=\"alert\""));
    })
    .await;
}

#[tokio::test]
async fn an_address_is_confirmed_on_the_page_with_the_password_where_it_is_required() {
    service_with(required, |s| async move {
        let ada = s.member("ada").await;
        let (page, token) = follow(&s, ADA).await;
        is_page(&page, 200, "Confirm your email address");
        assert!(page.text.contains("name=\"password\""));

        let done = submit(
            &s,
            "verify-email",
            &[("token", &token), ("password", PASSWORD)],
        )
        .await;

        is_page(&done, 200, "Your address is confirmed");
        assert!(ada.is_in().await);
    })
    .await;
    service(|s| async move {
        s.member("ada").await;
        let (page, token) = follow(&s, ADA).await;
        assert!(!page.text.contains("name=\"password\""));
        let done = submit(&s, "verify-email", &[("token", &token)]).await;
        is_page(&done, 200, "Your address is confirmed");
    })
    .await;
}

#[tokio::test]
async fn a_magic_link_an_invitation_and_a_change_work_on_their_pages() {
    service(|s| async move {
        let root = s.admin("root").await;
        let newcomer = json!({"username": "ada", "email": ADA});
        root.post("/v1/api/admin/invitations", newcomer).await;
        let (page, token) = follow(&s, ADA).await;
        is_page(&page, 200, "Welcome: choose a password");
        let done = submit(
            &s,
            "invitation",
            &[("token", &token), ("password", PASSWORD)],
        )
        .await;
        is_page(&done, 200, "Your account is ready");

        s.token_from("/auth/magic-link", ADA).await;
        let (page, token) = follow(&s, ADA).await;
        is_page(&page, 200, "Sign in");
        let done = submit(&s, "magic-link", &[("token", &token)]).await;
        is_page(&done, 200, "You are signed in");
        let shown = done
            .text
            .split("readonly>")
            .nth(1)
            .and_then(|rest| rest.split('<').next());
        let ada = s.anonymous().with_token(shown.expect("a token"));
        assert!(ada.is_in().await);

        let change = json!({"email": "new@example.com", "current_password": PASSWORD});
        assert_eq!(ada.patch("/v1/api/users/", change).await.status, 202);
        let (page, token) = follow(&s, "new@example.com").await;
        is_page(&page, 200, "Confirm your new email address");
        let done = submit(&s, "change-email", &[("token", &token)]).await;
        is_page(&done, 200, "Your address is changed");
        assert_eq!(
            ada.get("/v1/api/users/").await.body["email"],
            "new@example.com"
        );
    })
    .await;
}

#[tokio::test]
async fn a_mail_is_asked_for_on_a_page_and_the_answer_tells_nothing() {
    service(|s| async move {
        s.member("ada").await;
        let page = s.anonymous().get("/account/forgot-password").await;
        is_page(&page, 200, "Forgot your password?");

        let known = submit(&s, "forgot-password", &[("email", ADA)]).await;
        let unknown = submit(&s, "forgot-password", &[("email", "nobody@example.com")]).await;

        is_page(&known, 200, "Look into your mailbox");
        assert_eq!(known.text, unknown.text);
        assert_eq!(s.mails_to(ADA).await.len(), 2);
        let wrong = submit(&s, "forgot-password", &[("email", "no address")]).await;
        is_page(&wrong, 422, "Forgot your password?");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_a_page_too() {
    service(|s| async move {
        for _ in 0..3 {
            submit(&s, "forgot-password", &[("email", ADA)]).await;
        }
        let throttled = submit(&s, "forgot-password", &[("email", ADA)]).await;
        is_page(&throttled, 429, "This did not work");
        assert_eq!(throttled.headers["retry-after"], "3600");

        let client = s.anonymous();
        let json = client.post("/account/verify-email", json!({})).await;
        is_page(&json, 415, "This did not work");
        let large = client
            .form("/account/verify-email", &"x".repeat(20_000))
            .await;
        is_page(&large, 413, "This did not work");
        let put = client
            .send(Method::PUT, "/account/verify-email", None, "")
            .await;
        assert_eq!(put.status, 405);
        client
            .get("/account/nothing")
            .await
            .is_problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn what_a_link_holds_is_escaped() {
    service(|s| async move {
        let page = s
            .anonymous()
            .get("/account/verify-email?token=%22%3E%3Cb%3Ex")
            .await;

        is_page(&page, 200, "Confirm your email address");
        assert!(!page.text.contains("<b>x"));
    })
    .await;
}

#[tokio::test]
async fn a_page_speaks_the_browsers_language() {
    service(|s| async move {
        for (wanted, lang) in [
            ("de-CH,de;q=0.9,en;q=0.8", "de"),
            ("fr, de;q=0.5", "de"),
            ("fr", "en"),
            ("", "en"),
            ("en-GB,de", "en"),
        ] {
            let browser = s.anonymous().with(ACCEPT_LANGUAGE, wanted);
            let page = browser.get("/account/forgot-password").await;
            assert!(
                page.text.contains(&format!("<html lang=\"{lang}\">")),
                "{wanted}"
            );
        }
    })
    .await;
}

//! What stands in a mail.

use loco_rs::config::Config;
use serde_json::json;

use crate::support::{PASSWORD, Service, nodes::set, service, service_with};

async fn registered(s: &Service, more: serde_json::Value) {
    let mut body = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    let answer = s.anonymous().post("/auth/register", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[tokio::test]
async fn a_mail_has_two_parts_that_say_the_same() {
    service(|s| async move {
        registered(&s, json!({"first_name": "Ada"})).await;
        let mail = s.last_mail_to("ada@example.com").await;

        insta::with_settings!({filters => vec![
            (r"rco_[\w-]{64}", "[token]"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "[time]"),
        ]}, {
            insta::assert_snapshot!("verify_email_text", mail.text);
            insta::assert_snapshot!("verify_email_html", mail.html);
        });
        assert_eq!(
            mail.html.matches(mail.token()).count(),
            3,
            "a button, and the link in words"
        );
        assert!(mail.message_id.starts_with('<') && mail.message_id.ends_with("@localhost>"));
    })
    .await;
}

#[tokio::test]
async fn a_name_that_is_more_than_a_name_is_left_out() {
    for name in [
        "<a href=https://evil.example>Click</a>",
        "https://evil.example/",
        "Visit evil.example now",
        "{{ link }}",
        "Ada\u{2028}Subject: x",
        "Ada, your account is closed. Call 555-1234",
    ] {
        service(move |s| async move {
            registered(&s, json!({"first_name": name, "last_name": name})).await;

            let mail = s.last_mail_to("ada@example.com").await;

            assert!(mail.text.starts_with("Hello,\n"), "{}", mail.text);
            for part in [&mail.subject, &mail.text, &mail.html] {
                assert!(!part.contains("evil") && !part.contains("555") && !part.contains(name));
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_name_in_any_script_is_greeted() {
    for name in ["Ada", "Jean-Luc", "O’Neill", "José María", "नरेंद्र", "李"] {
        service(move |s| async move {
            registered(&s, json!({"first_name": name})).await;

            let mail = s.last_mail_to("ada@example.com").await;

            assert!(
                mail.text.starts_with(&format!("Hello {name},\n")),
                "{}",
                mail.text
            );
        })
        .await;
    }
}

#[tokio::test]
async fn what_an_address_holds_is_escaped() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let email = "a&b'c=d@example.com";
        assert_eq!(
            ada.patch("/v1/api/users/", json!({"email": email}))
                .await
                .status,
            202
        );

        let mail = s.last_mail_to(email).await;

        assert!(mail.text.contains(email));
        assert!(!mail.html.contains(email));
        assert!(mail.html.contains("a&amp;b"));
    })
    .await;
}

#[tokio::test]
async fn the_language_is_the_accounts_or_the_nearest_or_the_default() {
    for (locale, subject) in [
        (
            json!("de"),
            "Bestätigen Sie Ihre E-Mail-Adresse für Rollcall",
        ),
        (
            json!("de-AT"),
            "Bestätigen Sie Ihre E-Mail-Adresse für Rollcall",
        ),
        (
            json!("DE-de"),
            "Bestätigen Sie Ihre E-Mail-Adresse für Rollcall",
        ),
        (json!("fr"), "Confirm your email address for Rollcall"),
        (json!(null), "Confirm your email address for Rollcall"),
    ] {
        service(move |s| async move {
            registered(&s, json!({"locale": locale})).await;
            assert_eq!(s.last_mail_to("ada@example.com").await.subject, subject);
        })
        .await;
    }
    let german = |config: &mut Config| set(config, "mail.default_locale", "de");
    service_with(german, |s| async move {
        registered(&s, json!({"locale": "fr"})).await;
        let mail = s.last_mail_to("ada@example.com").await;
        assert!(mail.subject.starts_with("Bestätigen"));
    })
    .await;
}

#[tokio::test]
async fn a_locale_is_a_language_tag_and_can_be_changed() {
    service(|s| async move {
        let ada = s.member("ada").await;
        for locale in ["german", "d", "../en", "de_DE", "de-", ""] {
            let answer = ada.patch("/v1/api/users/", json!({"locale": locale})).await;
            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), ["/locale"]);
        }
        assert_eq!(
            ada.patch("/v1/api/users/", json!({"locale": "de-CH"}))
                .await
                .status,
            202
        );

        s.token_from("/auth/magic-link", "ada@example.com").await;
        let mail = s.last_mail_to("ada@example.com").await;
        assert_eq!(mail.subject, "Ihr Link zur Anmeldung bei Rollcall");

        ada.patch("/v1/api/users/", json!({"locale": null})).await;
        assert_eq!(s.row(&ada).await.locale, None);
    })
    .await;
}

#[tokio::test]
async fn every_mail_of_every_language_can_be_written() {
    use rollcall::{
        mailers::account::AccountMailer,
        models::outbox_mails::{Details, Kind, letter::Letter},
    };
    use sea_orm::Iterable;
    service(|s| async move {
        let mailer = AccountMailer::of(&s.ctx).expect("a mailer");
        let mut subjects = std::collections::BTreeSet::new();
        for locale in ["en", "de"] {
            for kind in Kind::iter() {
                let letter = Letter {
                    kind,
                    to: "ada@example.com".into(),
                    locale: Some(locale.into()),
                    name: String::new(),
                    username: "ada".into(),
                    token: None,
                    expires_at: Some(s.now()),
                    at: s.now(),
                    details: Details::default(),
                };
                let mail = mailer.write(&s.rollcall.settings, uuid::Uuid::now_v7(), &letter);
                let mail = mail.expect("a mail");
                assert!(mail.html.contains(&format!("lang=\"{locale}\"")));
                assert!(
                    !mail.text.contains("{{") && mail.text.ends_with("http://localhost:5150\n")
                );
                subjects.insert(mail.subject);
            }
        }
        assert_eq!(subjects.len(), 2 * Kind::iter().count());
    })
    .await;
}

#[tokio::test]
async fn links_point_at_the_front_end_whatever_the_request_says() {
    let front_end = |config: &mut Config| {
        set(config, "frontend_url", "https://app.example.com/welcome/");
        set(config, "mail.product_name", "Acme & Söhne <Club>");
        set(config, "mail.color", "#ff0088");
    };
    service_with(front_end, |s| async move {
        let evil = s.anonymous().with(axum::http::header::HOST, "evil.example");
        let body = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
        assert_eq!(evil.post("/auth/register", body).await.status, 201);

        let mail = s.last_mail_to("ada@example.com").await;

        assert!(
            mail.link()
                .starts_with("https://app.example.com/welcome/verify-email?token=rco_")
        );
        assert!(!mail.text.contains("evil") && !mail.html.contains("evil"));
        assert_eq!(
            mail.subject,
            "Confirm your email address for Acme & Söhne <Club>"
        );
        assert!(mail.html.contains("Acme &amp; Söhne &lt;Club&gt;"));
        assert!(mail.html.contains("#ff0088"));
    })
    .await;
}

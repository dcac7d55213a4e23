//! Mails: what is refused, and where they go.

use loco_rs::{
    config::{Config, Mailer, MailerAuth, MailerTls, SmtpMailer},
    environment::Environment::{Production, Test},
};
use rollcall::settings::Settings;
use serde_json::{Value, json};

use super::{CANARY, is_refused, production::good, test_config};
use crate::support::nodes::set;

fn smtp(change: impl FnOnce(&mut SmtpMailer)) -> Mailer {
    let mut smtp = SmtpMailer {
        enable: true,
        host: "smtp.example.com".into(),
        port: 587,
        secure: false,
        tls: Some(MailerTls::Starttls),
        auth: None,
        hello_name: None,
    };
    change(&mut smtp);
    Mailer {
        stub: false,
        smtp: Some(smtp),
    }
}

async fn with_mailer(mailer: Mailer) -> Config {
    let mut config = good().await;
    config.mailer = Some(mailer);
    config
}

#[tokio::test]
async fn production_speaks_tls_and_throws_nothing_away() {
    for tls in [MailerTls::Starttls, MailerTls::Implicit] {
        let config = with_mailer(smtp(|smtp| smtp.tls = Some(tls))).await;
        Settings::from_config(&config, &Production).expect("TLS");
    }
    let clear = with_mailer(smtp(|smtp| smtp.tls = Some(MailerTls::None))).await;
    is_refused(&clear, &Production, "mailer.smtp.tls (MAILER_TLS)");
    let unsaid = with_mailer(smtp(|smtp| smtp.tls = None)).await;
    is_refused(&unsaid, &Production, "mailer.smtp.tls (MAILER_TLS)");
    let stub = with_mailer(Mailer {
        stub: true,
        smtp: None,
    })
    .await;
    is_refused(&stub, &Production, "mailer.stub");
    Settings::from_config(&clear, &Test).expect("a mail trap on the same machine");
}

#[tokio::test]
async fn half_a_mail_server_is_none() {
    let auth = |user: &str, password: &str| {
        Some(MailerAuth {
            user: user.into(),
            password: password.into(),
        })
    };
    for mailer in [
        smtp(|smtp| smtp.auth = auth("rollcall", "")),
        smtp(|smtp| smtp.auth = auth("", CANARY)),
        smtp(|smtp| smtp.host = String::new()),
        smtp(|smtp| smtp.port = 0),
    ] {
        let config = with_mailer(mailer).await;
        is_refused(&config, &Production, "MAILER_");
    }
    let off = with_mailer(smtp(|smtp| {
        smtp.enable = false;
        smtp.host = String::new();
    }));
    Settings::from_config(&off.await, &Production).expect("mails that wait");
}

#[tokio::test]
async fn a_wrong_value_is_refused_by_its_name() {
    let cases: [(&str, Value, &str); 14] = [
        ("frontend_url", json!("app.example.com"), "FRONTEND_URL"),
        (
            "frontend_url",
            json!("https://a.example.com/?x=1"),
            "FRONTEND_URL",
        ),
        ("frontend_url", json!("javascript://canary"), "FRONTEND_URL"),
        ("mail.from", json!("nobody"), "MAILER_FROM"),
        ("mail.product_name", json!(""), "PRODUCT_NAME"),
        ("mail.product_name", json!("a\nb"), "PRODUCT_NAME"),
        ("mail.color", json!("red"), "PRODUCT_COLOR"),
        ("mail.color", json!("#12345g"), "PRODUCT_COLOR"),
        ("mail.timeout_seconds", json!(0), "MAILER_TIMEOUT"),
        ("mail.max_attempts", json!(0), "MAILER_MAX_ATTEMPTS"),
        ("mail.spread_ms", json!(10_001), "MAILER_SPREAD"),
        (
            "one_time_tokens.magic_link_seconds",
            json!(59),
            "MAGIC_LINK_LIFETIME",
        ),
        (
            "one_time_tokens.reset_password_seconds",
            json!(86_401),
            "RESET_PASSWORD_LIFETIME",
        ),
        (
            "one_time_tokens.invitation_seconds",
            json!(-1),
            "INVITATION_LIFETIME",
        ),
    ];
    for (key, value, name) in cases {
        let mut config = test_config().await;
        set(&mut config, key, value);
        is_refused(&config, &Test, name);
    }
    let mut config = good().await;
    set(&mut config, "frontend_url", "http://app.example.com");
    is_refused(&config, &Production, "FRONTEND_URL");
}

#[tokio::test]
async fn a_link_points_at_the_base_url_or_the_front_end() {
    let mut config = good().await;
    let settings = Settings::from_config(&config, &Production).expect("good settings");
    assert_eq!(
        settings.link("magic-link", "t"),
        "https://rollcall.example.com/account/magic-link?token=t"
    );
    assert_eq!(
        settings.mail_from(),
        "\"Rollcall\" <no-reply@rollcall.example.com>"
    );
    set(
        &mut config,
        "frontend_url",
        "https://app.example.com/account/",
    );
    set(&mut config, "mail.from", "Acme <hello@acme.example>");
    let settings = Settings::from_config(&config, &Production).expect("good settings");
    assert_eq!(
        settings.link("magic-link", "t"),
        "https://app.example.com/account/magic-link?token=t"
    );
    assert_eq!(settings.mail_from(), "Acme <hello@acme.example>");
}

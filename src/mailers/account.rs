//! Mails about an account. Their words are in `account/<locale>/<mail>/{subject,text,html}.t`; a
//! language is added by adding its folder.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use include_dir::{Dir, include_dir};
use loco_rs::{
    Error, Result,
    app::AppContext,
    controller::views::ViewRenderer,
    environment::Environment,
    mailer::{Email, EmailHeaders, Mailer},
};
use sea_orm::Iterable;
use serde::Serialize;
use tokio::time::timeout;
use uuid::Uuid;

use super::recorded::Recorded;
use crate::{
    models::{
        one_time_tokens::Kind as TokenKind,
        outbox_mails::{Kind, letter::Letter},
    },
    runtime::Runtime,
    settings::Settings,
    views::templates::Templates,
};

static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/mailers/account");

const PARTS: [&str; 3] = ["subject", "text", "html"];

/// SMTP codes that speak of us and not of the mail: our credentials (RFC 4954, section 6).
const OUR_FAULT: [u16; 4] = [530, 534, 535, 538];

/// Writes mails and hands them over: to the mail server, or to [`Recorded`] where there is none.
#[derive(Clone)]
pub struct AccountMailer {
    templates: Templates,
    recorded: Recorded,
}

#[async_trait]
impl Mailer for AccountMailer {}

/// Why a mail was not handed over.
pub struct Failure {
    pub error: String,
    /// The server will not take it later either.
    pub for_good: bool,
}

/// All that a template may say; empty where it does not apply.
#[derive(Default, Serialize)]
struct Words<'a> {
    product: &'a str,
    color: &'a str,
    base_url: &'a str,
    locale: &'a str,
    name: &'a str,
    username: &'a str,
    link: String,
    expires_at: String,
    at: String,
    device: &'a str,
    address: &'a str,
    old_email: &'a str,
    new_email: &'a str,
}

impl AccountMailer {
    /// Keep one in the context's shared store.
    pub fn install(ctx: &AppContext) -> Result<()> {
        if !Self::is_ready(ctx) {
            tracing::warn!("mailer.smtp (MAILER_HOST) is not set: mails wait in the outbox");
        }
        let templates = Templates::of(&TEMPLATES)?;
        for kind in Kind::iter() {
            for part in PARTS {
                templates.must_have(&format!("{}/{part}.t", kind.as_str()))?;
            }
        }
        ctx.shared_store.insert(Self {
            templates,
            recorded: Recorded::default(),
        });
        Ok(())
    }

    pub fn of(ctx: &AppContext) -> Result<Self> {
        ctx.shared_store
            .get::<Self>()
            .ok_or_else(|| Error::string("the application has not been booted"))
    }

    /// The mails that were written where there is no mail server.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// Is there a way out? Mails are kept in memory in development and in tests; elsewhere they wait in
    /// the outbox until a server is configured.
    pub fn is_ready(ctx: &AppContext) -> bool {
        let recorded = matches!(
            ctx.environment,
            Environment::Development | Environment::Test
        );
        ctx.mailer.is_some() || recorded
    }

    /// The mail of this letter. A mail that is written again has the same `Message-ID`.
    pub fn write(&self, settings: &Settings, id: Uuid, letter: &Letter) -> Result<Email> {
        let mail = &settings.mail;
        let wanted = letter.locale.as_deref().into_iter();
        let locale = self
            .templates
            .locale(wanted.chain([mail.default_locale.as_str()]));
        let details = &letter.details;
        let token = letter.token.as_ref();
        let words = Words {
            product: &mail.product_name,
            color: &mail.color,
            base_url: &settings.base_url,
            locale,
            name: &letter.name,
            username: &letter.username,
            link: letter
                .kind
                .token()
                .zip(token)
                .map_or_else(String::new, |(kind, token)| {
                    settings.link(page(kind), token.reveal())
                }),
            expires_at: letter.expires_at.map(readable).unwrap_or_default(),
            at: readable(letter.at),
            device: details.device.as_deref().unwrap_or_default(),
            address: details.address.as_deref().unwrap_or_default(),
            old_email: details.old_email.as_deref().unwrap_or_default(),
            new_email: details.new_email.as_deref().unwrap_or_default(),
        };
        let part = |part: &str| {
            let template = format!("{locale}/{}/{part}.t", letter.kind.as_str());
            self.templates.render(&template, &words)
        };
        let from = settings.mail_from();
        let domain = from.rsplit('@').next().unwrap_or_default();
        Ok(Email {
            to: letter.to.clone(),
            subject: on_one_line(&part("subject")?),
            text: part("text")?,
            html: part("html")?,
            headers: Some(EmailHeaders {
                message_id: Some(format!("<{id}@{}>", domain.trim_end_matches('>'))),
                ..Default::default()
            }),
            from: Some(from),
            ..Default::default()
        })
    }

    /// Hand a mail over.
    pub async fn hand_over(&self, ctx: &AppContext, id: Uuid, email: Email) -> Result<(), Failure> {
        if ctx.mailer.is_none() {
            self.recorded.keep(id, email);
            return Ok(());
        }
        let seconds = Runtime::of(ctx).map_or(0, |r| r.settings.mail.timeout_seconds);
        let deadline = Duration::from_secs(seconds.unsigned_abs());
        match timeout(deadline, Self::deliver_now(ctx, &email)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(err)) => Err(failure(&err)),
            Err(_) => Err(Failure {
                error: format!("the mail server did not take it within {seconds} s"),
                for_good: false,
            }),
        }
    }
}

fn failure(err: &Error) -> Failure {
    let (error, for_good) = match err {
        Error::Smtp(err) => {
            let ours = err
                .status()
                .is_some_and(|code| OUR_FAULT.contains(&u16::from(code)));
            (err.to_string(), err.is_permanent() && !ours)
        }
        err => (err.to_string(), true),
    };
    Failure { error, for_good }
}

/// The page that a mail's link opens.
fn page(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::VerifyEmail => "verify-email",
        TokenKind::ResetPassword => "reset-password",
        TokenKind::MagicLink => "magic-link",
        TokenKind::ChangeEmail => "change-email",
        TokenKind::Invitation => "invitation",
    }
}

fn readable(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A header has one line, whatever a template or a name says.
fn on_one_line(subject: &str) -> String {
    let words = subject.split(|c: char| c.is_control() || c.is_whitespace());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

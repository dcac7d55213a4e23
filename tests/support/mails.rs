//! The mails of a service that has no mail server.

use rollcall::{
    mailers::account::AccountMailer,
    models::outbox_mails::{self, status},
};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{Client, Service, waiting};

/// A mail as it was written.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
}

impl Mail {
    /// The link that stands in it.
    #[track_caller]
    pub fn link(&self) -> &str {
        let mut words = self.text.split_whitespace();
        let link = words.find(|word| word.contains("token="));
        link.unwrap_or_else(|| panic!("no link: {self:?}"))
    }

    #[track_caller]
    pub fn token(&self) -> &str {
        self.link().split_once("token=").expect("a token").1
    }
}

impl Service {
    /// All mails, once none is under way; the oldest first.
    pub async fn mails(&self) -> Vec<Mail> {
        waiting::until(waiting::LONG, || async { self.owed().await == 0 }).await;
        let mailer = AccountMailer::of(&self.ctx).expect("a mailer");
        // In the order in which they were owed, whichever left first.
        let mut mails = mailer.recorded().all();
        mails.sort_by_key(|(id, _)| *id);
        mails
            .into_iter()
            .map(|(_, email)| Mail {
                to: email.to,
                subject: email.subject,
                text: email.text,
                html: email.html,
                message_id: email.headers.and_then(|h| h.message_id).expect("an id"),
            })
            .collect()
    }

    async fn owed(&self) -> u64 {
        let now = self.now().fixed_offset();
        let owed = outbox_mails::Entity::find()
            .filter(outbox_mails::Column::Status.eq(status::QUEUED))
            .filter(outbox_mails::Column::NextAttemptAt.lte(now));
        owed.count(&self.ctx.db).await.expect("a count")
    }

    /// What this address got, the oldest first.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        let mut mails = self.mails().await;
        mails.retain(|mail| mail.to == address);
        mails
    }

    /// The latest mail to this address.
    #[track_caller]
    pub fn last_mail_to(&self, address: &str) -> impl Future<Output = Mail> {
        let (service, address) = (self.clone(), address.to_string());
        async move {
            let mails = service.mails_to(&address).await;
            mails
                .last()
                .cloned()
                .unwrap_or_else(|| panic!("no mail to {address}"))
        }
    }

    /// Ask this endpoint for a mail to this address, and take the token that comes.
    pub async fn token_from(&self, path: &str, address: &str) -> String {
        let asked = self.anonymous().post(path, json!({"email": address})).await;
        assert_eq!(asked.status, 202, "{asked:?}");
        self.last_mail_to(address).await.token().to_string()
    }

    /// The row of each mail that was ever ordered, the oldest first.
    pub async fn outbox(&self) -> Vec<outbox_mails::Model> {
        let rows = outbox_mails::Entity::find().all(&self.ctx.db).await;
        let mut rows = rows.expect("the rows");
        rows.sort_by_key(|row| row.created_at);
        rows
    }
}

impl Client {
    /// Use a one-time token, with or without a password.
    pub async fn use_token(&self, path: &str, token: &str, password: Option<&str>) -> u16 {
        let mut body = json!({"token": token});
        if let Some(password) = password {
            body["password"] = password.into();
        }
        self.post(path, body).await.status
    }
}

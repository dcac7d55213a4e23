use loco_rs::mailer::Email;
use serde::Serialize;
use uuid::Uuid;

/// A mail as it would have been sent.
#[derive(Debug, Serialize)]
pub struct RecordedMail {
    pub id: Uuid,
    pub to: String,
    pub from: Option<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl RecordedMail {
    pub fn new((id, email): (Uuid, Email)) -> Self {
        Self {
            id,
            to: email.to,
            from: email.from,
            subject: email.subject,
            text: email.text,
            html: email.html,
        }
    }
}

//! What is done behind the requests, by real processes: mails on their way to a real SMTP server, through
//! its faults and ours, and the audit trail.

mod canaries;
mod one_chain;
mod outbox;
mod processes;
mod smtp;
mod smtp_server;

use loco_rs::config::{Config, Mailer, MailerTls, SmtpMailer};

/// Speak to the mail server on this port.
fn by_smtp(config: &mut Config, port: u16) {
    config.mailer = Some(Mailer {
        stub: false,
        smtp: Some(SmtpMailer {
            enable: true,
            host: "127.0.0.1".into(),
            port,
            secure: false,
            tls: Some(MailerTls::None),
            auth: None,
            hello_name: None,
        }),
    });
}

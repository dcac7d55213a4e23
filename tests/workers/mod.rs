//! Mails on their way: to a real SMTP server, through its faults and ours.

mod canaries;
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

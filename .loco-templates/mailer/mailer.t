{#- tests/requests/mail/<name>.rs -#}
{% set mail = name | snake_case -%}
{% set kind = mail | pascal_case -%}
{% set words = mail | replace(from="_", to=" ") -%}
to: "tests/requests/mail/{{ mail }}.rs"
skip_exists: true
message: "Its test: `cargo test mail::{{ mail }}`."
injections:
- into: tests/requests/mail/mod.rs
  before: "^mod email_change;"
  content: "mod {{ mail }};"
---
use rollcall::models::{
    outbox_mails::{Details, Kind},
    transaction,
};

use crate::support::service;

#[tokio::test]
async fn it_arrives_in_two_parts() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let row = s.row(&ada).await;
        let means = s.means();
        let (outbox, details) = (means.outbox, Details::default());

        let txn = transaction::begin(&s.ctx.db).await.expect("a transaction");
        let mail = outbox.order(&txn, Kind::{{ kind }}, &row, &row.email, &details, means.now).await;
        txn.commit().await.expect("to commit");
        outbox.deliver(mail.expect("an order"));

        let mail = s.last_mail_to("ada@example.com").await;
        assert!(mail.subject.contains("{{ words }}"), "{}", mail.subject);
        assert!(mail.text.contains("{{ words }}"), "{}", mail.text);
        assert!(mail.html.contains("{{ words }}"), "{}", mail.html);
    })
    .await;
}

//! The outbox, by hand.

use chrono::Duration;
use rollcall::models::outbox_mails::{self, status};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::json;

use super::{printed, task};
use crate::support::{Service, service};

/// Two mails that were sent; one of them is made one that was given up.
async fn one_dead(s: &Service) -> outbox_mails::Model {
    s.member("ada").await;
    s.member("bob").await;
    s.mails().await;
    let mut row = s.outbox().await.remove(0).into_active_model();
    row.status = Set(status::DEAD.into());
    row.attempts = Set(20);
    row.last_error = Set(Some("550 no such mailbox".into()));
    row.update(&s.ctx.db).await.expect("a dead mail")
}

#[tokio::test]
async fn mails_are_listed_by_status_without_their_secrets() {
    service(|s| async move {
        let dead = one_dead(&s).await;

        let list = printed(&s, "outbox:list", &["status:dead", "json:true"]).await;

        assert_eq!(list.as_array().expect("a list").len(), 1);
        assert_eq!(list[0]["id"], json!(dead.id));
        assert_eq!(list[0]["kind"], "verify_email");
        assert_eq!(list[0]["recipient"], dead.recipient);
        assert_eq!(list[0]["last_error"], "550 no such mailbox");
        let mut fields: Vec<_> = list[0].as_object().expect("fields").keys().collect();
        fields.sort();
        assert_eq!(
            fields,
            [
                "attempts",
                "created_at",
                "ended_at",
                "id",
                "kind",
                "last_error",
                "next_attempt_at",
                "recipient",
                "status"
            ]
        );
        let all = printed(&s, "outbox:list", &["json:true"]).await;
        assert_eq!(all.as_array().expect("a list").len(), 2);
        task(&s.ctx, "outbox:list", &[]).await.expect("a table");
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_was_given_up_is_sent_after_all() {
    service(|s| async move {
        let dead = one_dead(&s).await;
        let before = s.mails().await.len();

        let said = printed(
            &s,
            "outbox:retry",
            &[&format!("id:{}", dead.id), "json:true"],
        )
        .await;

        assert_eq!(said, json!({"queued": 1}));
        s.advance(Duration::seconds(11));
        assert_eq!(s.mails().await.len(), before + 1);
        let again = task(&s.ctx, "outbox:retry", &[("id", &dead.id.to_string())]).await;
        assert!(again.expect_err("a refusal").contains("no mail"));
        task(&s.ctx, "outbox:retry", &[])
            .await
            .expect("nothing to do");
    })
    .await;
}

#[tokio::test]
async fn what_is_old_is_purged_and_a_dry_run_only_counts() {
    service(|s| async move {
        let dead = one_dead(&s).await;
        let mut row = dead.into_active_model();
        row.ended_at = Set(Some((s.now() - Duration::days(91)).into()));
        row.update(&s.ctx.db).await.expect("an old mail");

        let dry = printed(&s, "outbox:purge", &["dry_run:true", "json:true"]).await;
        assert_eq!(dry, json!({"would_remove": 1}));
        let done = printed(&s, "outbox:purge", &["json:true"]).await;
        assert_eq!(done, json!({"removed": 1}));

        let left = outbox_mails::Entity::find().all(&s.ctx.db).await;
        assert_eq!(left.expect("the rows").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn wrong_arguments_are_refused() {
    service(|s| async move {
        for (name, argument) in [
            ("outbox:list", ("status", "lost")),
            ("outbox:list", ("limit", "0")),
            ("outbox:list", ("stat", "dead")),
            ("outbox:retry", ("id", "1")),
            ("outbox:purge", ("dry", "true")),
        ] {
            let refused = task(&s.ctx, name, &[argument]).await;
            assert!(refused.is_err(), "{name} {argument:?}");
        }
    })
    .await;
}

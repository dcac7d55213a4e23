//! The rows of the outbox.

use chrono::Duration;
use loco_rs::bgworker::BackgroundWorker;
use rollcall::{
    models::{
        outbox_mails::{self, ActiveModel, status, upkeep},
        users::{self, registration::Registrar},
    },
    workers::deliver_mail::{DeliverMail, DeliverMailArgs},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::json;

use crate::support::{PASSWORD, Service, service};

/// A mail of this status that ended so long ago.
async fn ended(s: &Service, status: &str, ago: Duration) -> uuid::Uuid {
    let (id, at) = (uuid::Uuid::now_v7(), (s.now() - ago).fixed_offset());
    let row = ActiveModel {
        id: Set(id),
        kind: Set("new_device".into()),
        recipient: Set("ada@example.com".into()),
        user_id: Set(None),
        token_id: Set(None),
        details: Set("{}".into()),
        status: Set(status.into()),
        attempts: Set(1),
        next_attempt_at: Set(at),
        claimed_until: Set(None),
        last_error: Set(None),
        created_at: Set(at),
        ended_at: Set(Some(at)),
    };
    let insert = outbox_mails::Entity::insert(row).exec_without_returning(&s.ctx.db);
    insert.await.expect("a row");
    id
}

#[tokio::test]
async fn a_mail_is_owed_when_the_change_is_there_and_only_then() {
    service(|s| async move {
        let body = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
        assert_eq!(
            s.anonymous()
                .post("/auth/register", body.clone())
                .await
                .status,
            201
        );
        s.anonymous()
            .post("/auth/register", body)
            .await
            .is_problem(409, "already_taken");

        assert_eq!(s.outbox().await.len(), 1);
        assert_eq!(s.mails().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_was_left_behind_ends_and_the_mail_is_sent() {
    service(|s| async move {
        s.member("ada").await;
        s.mails().await;
        let mut row = s.outbox().await.remove(0).into_active_model();
        row.status = Set(status::QUEUED.into());
        row.claimed_until = Set(Some((s.now() + Duration::seconds(15)).into()));
        let row = row.update(&s.ctx.db).await.expect("a claimed mail");
        let outbox = &s.rollcall.outbox;

        let during = outbox
            .claim(&s.ctx.db, row.id, s.now())
            .await
            .expect("an answer");
        s.advance(Duration::seconds(16));
        let after = outbox
            .claim(&s.ctx.db, row.id, s.now())
            .await
            .expect("an answer");

        assert!(during.is_none());
        assert_eq!(after.expect("a claim").attempts, row.attempts + 1);
    })
    .await;
}

#[tokio::test]
async fn a_mail_of_an_unknown_kind_or_with_a_lost_secret_is_given_up() {
    service(|s| async move {
        let mut row = ended(&s, status::QUEUED, Duration::zero()).await;
        let mut mail = outbox_mails::ActiveModel {
            id: Set(row),
            kind: Set("nonsense".into()),
            ..Default::default()
        };
        mail.attempts = Set(100);
        mail.update(&s.ctx.db).await.expect("a row");

        let worker = DeliverMail::build(&s.ctx);
        worker
            .perform(DeliverMailArgs { mail_id: row })
            .await
            .expect("no fault of the worker");

        let mail = outbox_mails::Entity::find_by_id(row).one(&s.ctx.db).await;
        assert_eq!(mail.expect("a row").expect("a mail").status, status::DEAD);
        row = uuid::Uuid::now_v7();
        worker
            .perform(DeliverMailArgs { mail_id: row })
            .await
            .expect("nothing to do");
    })
    .await;
}

#[tokio::test]
async fn what_ended_long_ago_is_removed() {
    service(|s| async move {
        let (week, months) = (Duration::days(7), Duration::days(90));
        let hour = Duration::hours(1);
        let mut kept = vec![
            ended(&s, status::SENT, week - hour).await,
            ended(&s, status::DROPPED, week - hour).await,
            ended(&s, status::DEAD, months - hour).await,
        ];
        for (status, ago) in [
            (status::SENT, week),
            (status::DROPPED, week),
            (status::DEAD, months),
        ] {
            ended(&s, status, ago + hour).await;
        }
        let (db, now) = (&s.ctx.db, s.now());

        assert_eq!(upkeep::count_stale(db, now).await.expect("a count"), 3);
        assert_eq!(upkeep::purge_batch(db, now).await.expect("a purge"), 3);
        assert_eq!(upkeep::purge_batch(db, now).await.expect("a purge"), 0);

        let mut left: Vec<_> = s.outbox().await.into_iter().map(|mail| mail.id).collect();
        left.sort();
        kept.sort();
        assert_eq!(left, kept);
    })
    .await;
}

/// What a task orders is sent by a server: nobody in the task's process listens.
#[tokio::test]
async fn a_mail_that_was_ordered_elsewhere_is_swept_up() {
    service(|s| async move {
        let there = s.another_node(|_| {}).await;
        let body = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
        let params =
            rollcall::models::params::parse(body, &s.rollcall.settings).expect("parameters");
        there.rollcall.stop().await;
        let registrar = Registrar::Anybody { allow_admin: false };
        let made = users::Model::register(there.means(), params, registrar, None).await;
        made.expect("an account");

        s.advance(Duration::seconds(11));

        assert_eq!(s.mails_to("ada@example.com").await.len(), 1);
    })
    .await;
}

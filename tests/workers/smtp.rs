//! Each mail arrives, and once, whatever the server does.

use std::collections::BTreeSet;

use chrono::Duration;
use loco_rs::bgworker::BackgroundWorker;
use rollcall::{
    initializers::mail_delivery::sweep_once,
    models::outbox_mails::{status, upkeep},
    workers::deliver_mail::{DeliverMail, DeliverMailArgs},
};
use serde_json::json;

use super::by_smtp;
use crate::support::{
    PASSWORD, Service, in_parallel,
    nodes::set,
    service_with,
    smtp::{Behaviour, SmtpServer},
    waiting::{LONG, until},
};

/// Run a test against a service with this mail server.
async fn with_server<F, Fut>(server: SmtpServer, test: F)
where
    F: FnOnce(Service, SmtpServer) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let port = server.port();
    let change = |config: &mut loco_rs::config::Config| {
        by_smtp(config, port);
        set(config, "mail.timeout_seconds", 1);
    };
    service_with(change, |s| test(s, server)).await;
}

async fn register(s: &Service, username: &str) {
    let email = format!("{username}@example.com");
    let body = json!({"username": username, "email": email, "password": PASSWORD});
    let answer = s.anonymous().post("/auth/register", body).await;
    assert_eq!(answer.status, 201);
}

/// Wait until every mail has been tried so often, or has ended.
async fn tried(s: &Service, attempts: i64) {
    until(LONG, || async {
        let mails = s.outbox().await;
        let is_free = |at: &Option<_>| at.is_none();
        mails.iter().all(|mail| {
            mail.status != status::QUEUED
                || (mail.attempts >= attempts && is_free(&mail.claimed_until))
        })
    })
    .await;
}

/// Let the time of the next attempt come, and sweep.
async fn later(s: &Service) {
    s.advance(Duration::hours(5));
    sweep_once(&s.ctx, &s.rollcall, uuid::Uuid::now_v7())
        .await
        .expect("a sweep");
}

async fn statuses(s: &Service) -> Vec<String> {
    let mails = s.outbox().await;
    mails.into_iter().map(|mail| mail.status).collect()
}

#[tokio::test]
async fn a_mail_is_spoken_in_smtp_with_both_parts() {
    with_server(SmtpServer::start(), |s, server| async move {
        register(&s, "ada").await;

        let taken = server.wait_for(1).await.remove(0);

        assert_eq!(taken.to, ["ada@example.com"]);
        assert_eq!(taken.subject(), "Confirm your email address for Rollcall");
        assert!(taken.raw.contains("From: Rollcall <no-reply@localhost>"));
        assert!(taken.html().contains(&taken.token()));
        let mail = s.outbox().await.remove(0);
        assert_eq!(taken.message_id(), format!("{}@localhost", mail.id));
        let verify = s.anonymous();
        assert_eq!(
            verify
                .use_token("/auth/verify-email", &taken.token(), None)
                .await,
            204
        );
        until(LONG, || async { statuses(&s).await == [status::SENT] }).await;
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_is_deferred_is_tried_again_and_carries_the_same_token() {
    with_server(SmtpServer::start(), |s, server| async move {
        server.behave([
            Behaviour::TakeAndVanish,
            Behaviour::Defer,
            Behaviour::Unavailable,
            Behaviour::Accept,
        ]);
        register(&s, "ada").await;
        tried(&s, 1).await;
        let mail = s.outbox().await.remove(0);
        assert_eq!((mail.status.as_str(), mail.attempts), (status::QUEUED, 1));
        let wait = mail.next_attempt_at.to_utc() - s.now();
        assert!(
            wait > Duration::seconds(10) && wait <= Duration::seconds(15),
            "{wait}"
        );

        s.advance(Duration::seconds(16));
        for attempts in 2..=3 {
            sweep_once(&s.ctx, &s.rollcall, uuid::Uuid::now_v7())
                .await
                .expect("a sweep");
            tried(&s, attempts).await;
            s.advance(Duration::seconds(61));
        }
        sweep_once(&s.ctx, &s.rollcall, uuid::Uuid::now_v7())
            .await
            .expect("a sweep");

        let taken = server.wait_for(2).await;
        assert_eq!(taken.len(), 2);
        assert_eq!(
            taken[0].message_id(),
            taken[1].message_id(),
            "known as a duplicate"
        );
        assert_eq!(taken[0].token(), taken[1].token());
        until(LONG, || async { statuses(&s).await == [status::SENT] }).await;
        assert_eq!(s.outbox().await[0].attempts, 4);
    })
    .await;
}

#[tokio::test]
async fn a_mail_whose_link_has_expired_meanwhile_gets_another_one() {
    with_server(SmtpServer::start(), |s, server| async move {
        s.operators("ada").await;
        server.behave([Behaviour::Unavailable, Behaviour::Accept]);
        let body = json!({"email": "ada@example.com"});
        s.anonymous().post("/auth/password/forgot", body).await;
        tried(&s, 1).await;

        later(&s).await;

        let token = server.wait_for(1).await[0].token();
        let client = s.anonymous();
        let reset = client.use_token("/auth/password/reset", &token, Some("another good one"));
        assert_eq!(reset.await, 204);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_down_or_silent_for_a_while_loses_nothing() {
    let server = SmtpServer::start();
    let port = server.port();
    with_server(server, move |s, server| async move {
        server.behave([Behaviour::Hang]);
        for n in 0..3 {
            register(&s, &format!("silent-{n}")).await;
        }
        tried(&s, 1).await;
        assert!(server.connections() >= 3);
        server.stop().await;
        for n in 0..3 {
            register(&s, &format!("down-{n}")).await;
        }
        tried(&s, 1).await;
        let errors: Vec<_> = s
            .outbox()
            .await
            .into_iter()
            .map(|mail| mail.last_error)
            .collect();
        assert!(errors.iter().all(Option::is_some), "{errors:?}");

        let server = SmtpServer::start_on(port, None);
        later(&s).await;

        let taken = server.wait_for(6).await;
        let ids: BTreeSet<_> = taken
            .iter()
            .map(super::super::support::smtp::Taken::message_id)
            .collect();
        assert_eq!((taken.len(), ids.len()), (6, 6), "each once");
        until(LONG, || async {
            statuses(&s).await.iter().all(|st| st == status::SENT)
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_is_refused_is_given_up_after_five_tries_and_sent_when_an_operator_says_so() {
    with_server(SmtpServer::start(), |s, server| async move {
        server.behave([Behaviour::Refuse]);
        register(&s, "ada").await;
        for attempts in 1..=5 {
            tried(&s, attempts).await;
            later(&s).await;
        }
        let mail = s.outbox().await.remove(0);
        assert_eq!((mail.status.as_str(), mail.attempts), (status::DEAD, 5));
        let error = mail.last_error.expect("an error");
        assert!(
            error.contains("550") && !error.contains(['\t', '\n', '\r']),
            "{error}"
        );
        let tries = server.connections();
        later(&s).await;
        assert_eq!(server.connections(), tries, "it stays dead");

        server.behave([Behaviour::Accept]);
        assert_eq!(
            upkeep::retry(&s.ctx.db, Some(mail.id), s.now())
                .await
                .expect("a count"),
            1
        );
        later(&s).await;

        assert_eq!(server.wait_for(1).await[0].to, ["ada@example.com"]);
    })
    .await;
}

#[tokio::test]
async fn of_twenty_who_deliver_one_mail_one_does() {
    with_server(SmtpServer::start(), |s, server| async move {
        server.behave([Behaviour::Defer, Behaviour::Accept]);
        register(&s, "ada").await;
        tried(&s, 1).await;
        s.advance(Duration::seconds(16));
        let mail_id = s.outbox().await[0].id;

        let ctx = s.ctx.clone();
        in_parallel(20, move |_| {
            let worker = DeliverMail::build(&ctx);
            async move {
                worker
                    .perform(DeliverMailArgs { mail_id })
                    .await
                    .expect("a delivery");
            }
        })
        .await;

        assert_eq!(server.taken().len(), 1);
        assert_eq!(s.outbox().await[0].attempts, 2);
    })
    .await;
}

//! Forging the trail shows.

use std::collections::BTreeSet;

use rollcall::models::audit_events::chain::Verdict;
use serde_json::Value;

use crate::{
    support::{PASSWORD, Service, in_parallel, service},
    tasks::{printed, task},
};

/// A chain of some events, and how long it is.
async fn chain(s: &Service) -> i64 {
    s.admin("root").await;
    for _ in 0..4 {
        s.log_in("root", PASSWORD).await;
    }
    s.seal().await;
    let verdict = s.verify(None).await;
    assert_eq!((verdict.fault, verdict.unsealed), (None, 0));
    i64::try_from(verdict.verified).expect("few")
}

#[track_caller]
fn is_broken_at(verdict: &Verdict, sequence: i64, what: &str) {
    let fault = verdict.fault.as_ref().expect("a fault");
    assert_eq!(fault.sequence, sequence, "{fault:?}");
    assert!(fault.what.contains(what), "{fault:?}");
}

#[tokio::test]
async fn rows_cannot_be_changed_or_removed_by_a_statement() {
    service(|s| async move {
        let length = chain(&s).await;

        for forgery in [
            "UPDATE audit_events SET action = 'x'",
            "UPDATE audit_events SET outcome = 'failure' WHERE sequence = 1",
            "UPDATE audit_events SET sequence = sequence + 100",
            "UPDATE audit_events SET hash = 'x' WHERE sequence = 1",
            "UPDATE audit_events SET ip_address = '192.0.2.1'",
            "UPDATE audit_events SET details = '{}'",
            "DELETE FROM audit_events",
            "DELETE FROM audit_events WHERE sequence = 2",
        ] {
            let refused = s.in_a_shell(forgery).await.expect_err(forgery);
            assert!(refused.contains("append-only"), "{refused}");
        }
        if s.is_postgres() {
            s.in_a_shell("TRUNCATE audit_events")
                .await
                .expect_err("a truncation");
        }

        assert_eq!(
            s.verify(None).await.verified,
            u64::try_from(length).expect("few")
        );
    })
    .await;
}

#[tokio::test]
async fn an_edited_a_deleted_and_a_moved_row_are_named() {
    for (forgery, at, what) in [
        (
            "UPDATE audit_events SET outcome = 'failure' WHERE sequence = 3",
            3,
            "not what was written",
        ),
        (
            "UPDATE audit_events SET details = '{\"x\":1}' WHERE sequence = 2",
            2,
            "not what was written",
        ),
        (
            "UPDATE audit_events SET subject_id = NULL WHERE sequence = 4",
            4,
            "not what was written",
        ),
        ("DELETE FROM audit_events WHERE sequence = 3", 3, "missing"),
        ("DELETE FROM audit_events WHERE sequence = 1", 1, "missing"),
    ] {
        service(move |s| async move {
            chain(&s).await;
            s.without_triggers().await;
            s.in_a_shell(forgery).await.expect("a forgery");

            is_broken_at(&s.verify(None).await, at, what);
        })
        .await;
    }
    service(|s| async move {
        chain(&s).await;
        s.without_triggers().await;
        for step in [
            "UPDATE audit_events SET sequence = -1 WHERE sequence = 2",
            "UPDATE audit_events SET sequence = 2 WHERE sequence = 3",
            "UPDATE audit_events SET sequence = 3 WHERE sequence = -1",
        ] {
            s.in_a_shell(step).await.expect("a step");
        }
        is_broken_at(&s.verify(None).await, 2, "not in its place");
    })
    .await;
}

#[tokio::test]
async fn a_cut_end_shows_against_a_head_that_was_kept() {
    service(|s| async move {
        let length = chain(&s).await;
        let head = s.head().await;
        assert_eq!(head.sequence, length);
        assert_eq!(s.verify(Some(&head)).await.fault, None);
        s.log_in("root", PASSWORD).await;
        s.seal().await;
        assert_eq!(
            s.verify(Some(&head)).await.fault,
            None,
            "what comes later does no harm"
        );

        s.without_triggers().await;
        let cut = format!("DELETE FROM audit_events WHERE sequence >= {length}");
        s.in_a_shell(&cut).await.expect("a cut");
        assert_eq!(
            s.verify(None).await.fault,
            None,
            "it can't be seen without the head"
        );
        is_broken_at(&s.verify(Some(&head)).await, length, "the end is missing");

        // And written anew.
        s.log_in("root", PASSWORD).await;
        s.log_in("root", PASSWORD).await;
        s.seal().await;
        is_broken_at(&s.verify(Some(&head)).await, length, "another one");
        let mut forged = head.clone();
        forged.sequence -= 1;
        is_broken_at(&s.verify(Some(&forged)).await, 0, "not signed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_and_many_sealers_leave_one_unbroken_chain() {
    service(|s| async move {
        s.member("ada").await;
        let mut nodes = vec![s.clone()];
        for _ in 0..3 {
            nodes.push(s.another_node(|_| {}).await);
        }

        let writers = nodes.clone();
        in_parallel(40, move |i| {
            let node = writers[i % 4].clone();
            async move {
                assert_eq!(node.anonymous().log_in("ada", PASSWORD).await.status, 200);
                node.seal().await;
            }
        })
        .await;
        s.seal().await;

        let verdict = s.verify(None).await;
        assert_eq!((verdict.fault, verdict.unsealed), (None, 0));
        let events = s.events().await;
        let places: BTreeSet<_> = events.iter().map(|event| event.sequence).collect();
        assert_eq!(places.len(), events.len());
        assert_eq!(
            events
                .iter()
                .filter(|event| event.action == "login")
                .count(),
            41
        );
    })
    .await;
}

#[tokio::test]
async fn events_are_sealed_by_themselves() {
    service(|s| async move {
        s.member("ada").await;

        crate::support::waiting::until(crate::support::waiting::LONG, || async {
            s.events()
                .await
                .iter()
                .all(|event| event.sequence.is_some())
        })
        .await;

        assert_eq!(s.verify(None).await.fault, None);
    })
    .await;
}

#[tokio::test]
async fn the_oldest_part_is_cut_off_and_leaves_an_anchor() {
    service(|s| async move {
        chain(&s).await;
        let old_head = s.head().await;
        s.advance(chrono::Duration::days(100));
        let young = s.log_in("root", PASSWORD).await;
        s.seal().await;
        let before = s.events().await.len();

        let dry = task(&s.ctx, "audit:cut", &[("days", "90"), ("dry_run", "true")]).await;
        dry.expect("a dry run");
        assert_eq!(s.events().await.len(), before);
        task(&s.ctx, "audit:cut", &[("days", "90")])
            .await
            .expect("a cut");
        s.seal().await;

        let left = s.events().await;
        assert!(left.len() < before && left.iter().any(|event| event.action == "audit.cut"));
        let verdict = s.verify(None).await;
        assert_eq!((verdict.fault, verdict.verified), (None, left.len() as u64));
        let new_head = s.head().await;
        assert_eq!(s.verify(Some(&new_head)).await.fault, None);
        assert_eq!(s.verify(Some(&old_head)).await.fault, None);
        let again = task(&s.ctx, "audit:cut", &[("days", "90")]).await;
        again.expect("nothing to do, or to go on with");

        // An anchor that somebody else made is none.
        s.without_triggers().await;
        s.in_a_shell("UPDATE audit_anchors SET sequence = sequence + 1")
            .await
            .expect("a forgery");
        let verdict = s.verify(None).await;
        assert!(verdict.fault.expect("a fault").what.contains("not signed"));
        task(&s.ctx, "audit:cut", &[("days", "1")])
            .await
            .expect_err("a broken trail is not cut");
        drop(young);
    })
    .await;
}

#[tokio::test]
async fn the_tasks_say_what_they_found() {
    service(|s| async move {
        let length = chain(&s).await;
        let good = printed(&s, "audit:verify", &["json:true"]).await;
        assert_eq!(good["verified"], length);
        let head = printed(&s, "audit:head", &[]).await;
        assert_eq!(head["sequence"], length);
        let file =
            std::env::temp_dir().join(format!("rollcall-head-{}.json", uuid::Uuid::now_v7()));
        std::fs::write(&file, head.to_string()).expect("a file");
        let argument = file.to_str().expect("a path").to_string();
        task(&s.ctx, "audit:verify", &[("head", &argument)])
            .await
            .expect("a good trail");

        let export =
            std::env::temp_dir().join(format!("rollcall-trail-{}.jsonl", uuid::Uuid::now_v7()));
        task(
            &s.ctx,
            "audit:export",
            &[("to", export.to_str().expect("a path"))],
        )
        .await
        .expect("an export");
        let lines = std::fs::read_to_string(&export).expect("a file");
        let events: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(events.len(), usize::try_from(length).expect("few"));

        s.without_triggers().await;
        s.in_a_shell("UPDATE audit_events SET action = 'x' WHERE sequence = 2")
            .await
            .expect("a forgery");
        let broken = task(&s.ctx, "audit:verify", &[])
            .await
            .expect_err("a broken trail");
        assert!(broken.contains("broken at 2"), "{broken}");
        std::fs::write(&file, "{}").expect("a file");
        let no_head = task(&s.ctx, "audit:verify", &[("head", &argument)]).await;
        assert!(no_head.expect_err("no head").contains("is no head"));
        let _ = std::fs::remove_file(&file);
        let _ = std::fs::remove_file(&export);
    })
    .await;
}

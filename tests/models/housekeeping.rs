//! Rows that say nothing any more are removed, by one node and a task, and no others.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use rollcall::{
    initializers::housekeeping::clean,
    models::{
        sessions::{self, purge},
        throttles,
    },
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use uuid::Uuid;

use crate::support::{Service, service};

type Change = fn(&mut sessions::ActiveModel, DateTime<Utc>);

/// One session each, to be kept (true) or removed (false), ended `at` that time in one way or another.
fn kinds(now: DateTime<Utc>) -> Vec<(bool, Change, DateTime<Utc>)> {
    let long_ago = now - Duration::days(30) - Duration::hours(1);
    let lately = now - Duration::days(30) + Duration::hours(1);
    let mut kinds: Vec<(bool, Change, DateTime<Utc>)> = Vec::new();
    for (kept, at) in [(false, long_ago), (true, lately)] {
        kinds.push((kept, |row, at| row.expires_at = Set(at.into()), at));
        kinds.push((kept, |row, at| row.idle_expires_at = Set(at.into()), at));
        kinds.push((kept, |row, at| row.revoked_at = Set(Some(at.into())), at));
    }
    // A long life alone is no end.
    kinds.push((true, |row, at| row.created_at = Set(at.into()), long_ago));
    kinds.push((true, |row, at| row.last_seen_at = Set(at.into()), long_ago));
    kinds
}

/// Copies of a session of ada's, `n` of each kind; the ids of those to be kept.
async fn prepare(s: &Service, n: usize) -> BTreeSet<Uuid> {
    let ada = s.member("ada").await;
    let open = s.sessions_of(ada.uuid()).await.remove(0);
    let mut kept = BTreeSet::from([open.id]);
    let now = s.now();
    for (keep, change, at) in kinds(now) {
        let rows: Vec<_> = (0..n)
            .map(|_| {
                let mut row = open.clone().into_active_model().reset_all();
                let id = Uuid::now_v7();
                row.id = Set(id);
                change(&mut row, at);
                if keep {
                    kept.insert(id);
                }
                row
            })
            .collect();
        for some in rows.chunks(500) {
            let insert = sessions::Entity::insert_many(some.to_vec());
            insert
                .exec_without_returning(&s.ctx.db)
                .await
                .expect("the rows");
        }
    }
    kept
}

async fn left(s: &Service) -> BTreeSet<Uuid> {
    let rows = sessions::Entity::find().all(&s.ctx.db).await;
    rows.expect("the rows")
        .into_iter()
        .map(|row| row.id)
        .collect()
}

async fn throttle_rows(s: &Service) -> Vec<throttles::Model> {
    let rows = throttles::Entity::find().all(&s.ctx.db).await;
    rows.expect("the rows")
}

/// A count of failures, last failed on so long ago.
async fn throttle(s: &Service, failed: Duration) -> Uuid {
    let (id, at) = (Uuid::now_v7(), s.now() - failed);
    let row = throttles::ActiveModel {
        id: Set(id),
        failures: Set(33),
        failed_at: Set(at.into()),
        blocked_until: Set((at + Duration::days(36_500)).into()),
    };
    let insert = throttles::Entity::insert(row).exec_without_returning(&s.ctx.db);
    insert.await.expect("a row");
    id
}

#[tokio::test]
async fn what_ended_more_than_thirty_days_ago_is_removed_in_batches() {
    service(|s| async move {
        let kept = prepare(&s, 700).await;
        let (db, now) = (&s.ctx.db, s.now());
        assert_eq!(purge::count(db, now).await.expect("a count"), 2100);

        let mut batches = Vec::new();
        while let Some(removed) = purge::batch(db, now)
            .await
            .ok()
            .filter(|removed| *removed > 0)
        {
            batches.push(removed);
        }

        assert_eq!(batches, [1000, 1000, 100]);
        assert_eq!(purge::count(db, now).await.expect("a count"), 0);
        assert_eq!(left(&s).await, kept);
    })
    .await;
}

#[tokio::test]
async fn one_round_of_one_node_removes_all_that_is_old() {
    service(|s| async move {
        let kept = prepare(&s, 10).await;
        let there_before = throttle_rows(&s).await.len();
        let recent = throttle(&s, Duration::days(90) - Duration::hours(1)).await;
        throttle(&s, Duration::days(90) + Duration::hours(1)).await;
        let there = s.another_node(|_| {}).await;
        let (one, other) = (Uuid::now_v7(), Uuid::now_v7());

        let removed = clean(&s.rollcall, one).await.expect("a round");
        let counts = throttle_rows(&s).await;

        assert_eq!(removed, 31);
        assert_eq!(left(&s).await, kept);
        assert_eq!(counts.len(), there_before + 1);
        assert!(counts.iter().any(|row| row.id == recent));

        throttle(&s, Duration::days(91)).await;
        let idle = clean(&there.rollcall, other).await.expect("a round");
        assert_eq!(idle, 0, "the other node has the lease");
        assert_eq!(clean(&s.rollcall, one).await.expect("a round"), 1);

        throttle(&s, Duration::days(91)).await;
        there.advance(Duration::minutes(21));
        let taken_over = clean(&there.rollcall, other).await.expect("a round");
        assert!(taken_over >= 1, "the lease has expired");
    })
    .await;
}

//! A crowd whose sessions are read together: to each their own answer, as if each had asked alone.

#![expect(
    clippy::disallowed_methods,
    reason = "requests that a test gives up, and transactions that only hold a connection"
)]

use std::time::Duration;

use rollcall::models::sessions;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, TransactionTrait};
use serde_json::Value;
use tokio::time::sleep;

use crate::support::{Client, Service, in_parallel, nodes::set, service_with};

const ME: &str = "/v1/api/users/";
const CROWD: usize = 24;

/// With the memory switched off every request asks the database.
async fn asking<F, Fut>(test: F)
where
    F: FnOnce(Service) -> Fut + Send,
    Fut: Future<Output = ()> + Send + 'static,
{
    let off = |config: &mut _| set(config, "sessions.cache.enable", false);
    service_with(off, test).await;
}

async fn crowd(s: &Service) -> Vec<Client> {
    let mut crowd = Vec::new();
    for i in 0..CROWD {
        crowd.push(s.member(&format!("member{i}")).await);
    }
    crowd
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_their_own_answer() {
    asking(|s| async move {
        let crowd = crowd(&s).await;
        crowd[1].post("/auth/logout", Value::Null).await;
        crowd[2].delete(ME).await;
        s.suspend(crowd[3].uuid()).await;
        let purged =
            sessions::Entity::delete_many().filter(sessions::Column::UserId.eq(crowd[4].uuid()));
        purged.exec(&s.ctx.db).await.expect("no session");

        // Each four times, in turn, so that the same session is asked for twice in one query too.
        let answers = in_parallel(CROWD * 4, |i| {
            let client = crowd[i % CROWD].clone();
            async move { client.get(ME).await }
        })
        .await;

        for (i, answer) in answers.iter().enumerate() {
            match i % CROWD {
                1 | 3 | 4 => {
                    answer.is_problem(401, answer.text_of("code"));
                }
                2 => {
                    answer.is_problem(404, answer.text_of("code"));
                }
                one => assert_eq!(
                    (answer.status, answer.text_of("id")),
                    (200, crowd[one].id())
                ),
            }
        }
        let alone = crowd[3].get(ME).await;
        assert_eq!(answers[3].seen(), alone.seen());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_after_a_logout_is_refused_in_the_middle_of_a_crowd() {
    asking(|s| async move {
        let crowd = crowd(&s).await;

        let after = in_parallel(CROWD * 2, |i| {
            let (client, leaves) = (crowd[i % CROWD].clone(), i < CROWD / 2);
            async move {
                for _ in 0..10 {
                    client.get(ME).await;
                }
                if leaves {
                    assert_eq!(client.post("/auth/logout", Value::Null).await.status, 204);
                    return client.get(ME).await.status;
                }
                401
            }
        })
        .await;

        assert_eq!(after, [401; CROWD * 2]);
        for (i, client) in crowd.iter().enumerate() {
            assert_eq!(client.is_in().await, i >= CROWD / 2);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_leaves_takes_nothing_from_the_others() {
    asking(|s| async move {
        let crowd = crowd(&s).await;
        let all = s.ctx.config.database.max_connections;
        let mut held = Vec::new();
        for _ in 0..all {
            held.push(s.ctx.db.begin().await.expect("a connection"));
        }
        let mut waiting = Vec::new();
        for client in &crowd {
            let client = client.clone();
            waiting.push(tokio::spawn(async move { client.get(ME).await }));
            sleep(Duration::from_millis(5)).await;
        }

        for first in waiting.drain(..CROWD / 2) {
            first.abort();
        }
        drop(held);

        for (client, answer) in crowd[CROWD / 2..].iter().zip(waiting) {
            let answer = answer.await.expect("an answer");
            assert_eq!((answer.status, answer.text_of("id")), (200, client.id()));
        }
        assert!(crowd[0].is_in().await);
    })
    .await;
}

/// Reading this session takes seconds, whoever does it.
async fn takes_long(s: &Service, session: &sessions::Model) {
    let (id, long) = if s.on_sqlite() {
        let numbers = "SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 20000000";
        let count =
            format!("WITH RECURSIVE numbers(n) AS ({numbers}) SELECT count(*) FROM numbers");
        (
            format!("x'{}'", session.id.simple()),
            format!("({count}) > 0"),
        )
    } else {
        let sleep = "pg_sleep(4)::text IS NOT NULL";
        (format!("'{}'", session.id), sleep.to_string())
    };
    let sql = format!(
        "ALTER TABLE sessions RENAME TO all_sessions; CREATE VIEW sessions AS SELECT * FROM \
         all_sessions WHERE CASE WHEN id = {id} THEN {long} ELSE 1 = 1 END"
    );
    s.ctx.db.execute_unprepared(&sql).await.expect("a view");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_takes_long_keeps_nobody_else_waiting() {
    asking(|s| async move {
        let ada = s.member("ada").await;
        let bob = s.member("bob").await;
        takes_long(&s, &s.sessions_of(ada.uuid()).await[0]).await;
        let patient = tokio::spawn(async move { ada.get(ME).await });

        // Before, while and after it turns out to take long.
        let answers = in_parallel(CROWD, |i| {
            let bob = bob.clone();
            async move {
                sleep(Duration::from_millis(10 * i as u64)).await;
                bob.get(ME).await.status
            }
        })
        .await;

        assert_eq!(answers, [200; CROWD]);
        assert!(!patient.is_finished());
        patient.abort();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_is_an_error_of_its_own() {
    asking(|s| async move {
        let crowd = crowd(&s).await;
        let broken = if s.on_sqlite() {
            "'no time'"
        } else {
            "'infinity'"
        };
        let sql = format!("UPDATE users SET created_at = {broken} WHERE username = 'member0'");
        s.ctx.db.execute_unprepared(&sql).await.expect("a row");

        let answers = in_parallel(CROWD * 4, |i| {
            let client = crowd[i % CROWD].clone();
            async move { client.get(ME).await.status }
        })
        .await;

        for (i, status) in answers.into_iter().enumerate() {
            assert_eq!(status, if i % CROWD == 0 { 500 } else { 200 }, "{i}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_everybody_is_told_so() {
    asking(|s| async move {
        let crowd = crowd(&s).await;
        s.ctx.db.close_by_ref().await.expect("the database to go");

        let answers = in_parallel(CROWD * 2, |i| {
            let client = crowd[i % CROWD].clone();
            async move { client.get(ME).await }
        })
        .await;

        for answer in answers {
            answer.is_problem(503, "service_unavailable");
        }
    })
    .await;
}

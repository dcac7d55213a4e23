//! Transactions that are given up while they begin.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use rollcall::models::{
    database::pool,
    leases::{self, Entity},
    new_id, transaction,
};
use sea_orm::{ActiveValue::Set, EntityTrait, PaginatorTrait};
use tokio::task::yield_now;

use crate::support::{in_parallel, service};

#[tokio::test]
async fn what_is_written_after_a_begin_was_given_up_is_there_for_others() {
    service(|s| async move {
        let db = s.ctx.db.clone();
        // A client may leave at any moment: here, while the database has not answered yet.
        for round in 0..200 {
            let mut beginning = pin!(transaction::begin(&db));
            for _ in 0..=round % 4 {
                let polled = poll_fn(|cx| Poll::Ready(beginning.as_mut().poll(cx))).await;
                if let Poll::Ready(begun) = polled {
                    begun
                        .expect("a transaction")
                        .rollback()
                        .await
                        .expect("its end");
                    break;
                }
                yield_now().await;
            }
        }

        // On each connection of the pool, each by itself.
        let written = in_parallel(32, |_| {
            let (db, now) = (db.clone(), s.rollcall.clock.now());
            async move {
                let id = new_id(now);
                let row = leases::ActiveModel {
                    id: Set(id),
                    name: Set(format!("written {id}")),
                    holder: Set(id),
                    expires_at: Set(now.fixed_offset()),
                };
                Entity::insert(row).exec_without_returning(&db).await
            }
        })
        .await;
        assert!(written.iter().all(Result::is_ok), "{written:?}");

        let other = pool::connect(&s.ctx.config.database).await.expect("a pool");
        let found = Entity::find().count(&other).await.expect("a number");
        other.close().await.expect("to close it");
        assert_eq!(found, 32, "acknowledged, and not there");
    })
    .await;
}

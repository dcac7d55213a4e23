//! Of several nodes one holds a lease.

use chrono::Duration;
use rollcall::models::leases::{self, take};
use sea_orm::EntityTrait;
use uuid::Uuid;

use crate::support::{Service, in_parallel, service};

const LASTS: Duration = Duration::minutes(20);

async fn taken(s: &Service, name: &str, holder: Uuid) -> bool {
    take(&s.ctx.db, name, holder, LASTS, s.now())
        .await
        .expect("an answer")
}

async fn rows(s: &Service) -> Vec<leases::Model> {
    leases::Entity::find()
        .all(&s.ctx.db)
        .await
        .expect("the rows")
}

#[tokio::test]
async fn one_holder_has_it_until_it_expires() {
    service(|s| async move {
        let (one, other) = (Uuid::now_v7(), Uuid::now_v7());

        assert!(taken(&s, "cleaning", one).await);
        assert!(!taken(&s, "cleaning", other).await);
        assert!(taken(&s, "cooking", other).await, "another lease");
        s.advance(LASTS - Duration::seconds(1));
        assert!(!taken(&s, "cleaning", other).await);
        s.advance(Duration::seconds(2));
        assert!(taken(&s, "cleaning", other).await);
        assert!(!taken(&s, "cleaning", one).await);

        assert_eq!(rows(&s).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn its_holder_extends_it() {
    service(|s| async move {
        let (one, other) = (Uuid::now_v7(), Uuid::now_v7());

        for _ in 0..3 {
            assert!(taken(&s, "cleaning", one).await);
            s.advance(LASTS - Duration::seconds(1));
            assert!(!taken(&s, "cleaning", other).await);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_takers_one_gets_it() {
    service(|s| async move {
        for round in 0..3 {
            let takers = s.clone();

            let outcomes = in_parallel(20, move |_| {
                let s = takers.clone();
                async move { taken(&s, "cleaning", Uuid::now_v7()).await }
            })
            .await;

            let winners = outcomes.iter().filter(|taken| **taken).count();
            assert_eq!(winners, 1, "round {round}");
            assert_eq!(rows(&s).await.len(), 1);
            s.advance(LASTS + Duration::seconds(1));
        }
    })
    .await;
}

//! `sessions:purge`, by hand.

use std::collections::BTreeMap;

use chrono::Duration;
use loco_rs::{boot::run_task, task::Vars};
use rollcall::{app::App, models::sessions};
use sea_orm::{EntityTrait, PaginatorTrait, sea_query::Expr};
use serde_json::json;

use super::printed;
use crate::support::{PASSWORD, Service, service};

async fn run(s: &Service, arguments: &[(&str, &str)]) -> loco_rs::Result<()> {
    let cli: BTreeMap<_, _> = arguments
        .iter()
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect();
    let name = "sessions:purge".to_string();
    run_task::<App>(&s.ctx, Some(&name), &Vars { cli }).await
}

async fn count(s: &Service) -> u64 {
    sessions::Entity::find()
        .count(&s.ctx.db)
        .await
        .expect("a count")
}

/// Two sessions that ended long ago, and one that lives.
async fn prepare(s: &Service) {
    s.member("ada").await;
    s.log_in("ada", PASSWORD).await;
    let long_ago = (s.now() - Duration::days(31)).fixed_offset();
    let end = sessions::Entity::update_many();
    let end = end.col_expr(sessions::Column::ExpiresAt, Expr::value(long_ago));
    end.exec(&s.ctx.db).await.expect("to end");
    s.log_in("ada", PASSWORD).await;
}

#[tokio::test]
async fn a_dry_run_removes_nothing() {
    service(|s| async move {
        prepare(&s).await;

        run(&s, &[("dry_run", "true")]).await.expect("to run");

        assert_eq!(count(&s).await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_second_run_finds_nothing() {
    service(|s| async move {
        prepare(&s).await;

        for _ in 0..2 {
            run(&s, &[]).await.expect("to run");
            assert_eq!(count(&s).await, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn machines_are_told_in_json() {
    service(|s| async move {
        prepare(&s).await;

        let would = printed(&s, "sessions:purge", &["dry_run:true", "json:true"]).await;
        let removed = printed(&s, "sessions:purge", &["json:true"]).await;
        let again = printed(&s, "sessions:purge", &["json:true"]).await;

        assert_eq!(would, json!({"would_remove": 2}));
        assert_eq!(removed, json!({"removed": 2}));
        assert_eq!(again, json!({"removed": 0}));
        assert_eq!(count(&s).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_typing_error_is_not_ignored() {
    service(|s| async move {
        prepare(&s).await;

        let outcome = run(&s, &[("dryrun", "true")]).await;

        let refusal = outcome.expect_err("a refusal").to_string();
        assert!(
            refusal.contains("`dryrun`") && refusal.contains("dry_run"),
            "{refusal}"
        );
        assert_eq!(count(&s).await, 3);
    })
    .await;
}

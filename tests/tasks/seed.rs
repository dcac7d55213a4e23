//! `db seed`: the development set.

use std::path::Path;

use loco_rs::{app::Hooks, environment::Environment};
use rollcall::app::App;

use crate::support::service;

const PASSWORD: &str = "rollcall-development";

#[tokio::test]
async fn the_development_set_logs_in() {
    service(|s| async move {
        App::seed(&s.ctx, Path::new("src/fixtures")).await.unwrap();

        for (username, role) in [("admin", "admin"), ("ada", "user"), ("grace", "user")] {
            let client = s.log_in(username, PASSWORD).await;
            let current = client.get("/v1/api/users/").await;
            assert_eq!(current.body["role"], role);
        }
        s.log_in("+441815001", PASSWORD).await;
        let alan = serde_json::json!({"username": "alan", "password": PASSWORD});
        let answer = s.anonymous().post("/auth/token", alan).await;
        answer.is_problem(401, "invalid_credentials");
    })
    .await;
}

#[tokio::test]
async fn seeding_twice_changes_nothing_more() {
    service(|s| async move {
        App::seed(&s.ctx, Path::new("src/fixtures")).await.unwrap();
        let admin = s.log_in("admin", PASSWORD).await;
        let change = serde_json::json!({"first_name": "Changed"});
        admin.patch("/v1/api/users/", change).await;

        App::seed(&s.ctx, Path::new("src/fixtures")).await.unwrap();

        assert_eq!(s.accounts().await, 4);
        let current = admin.get("/v1/api/users/").await;
        assert_eq!(current.body["first_name"], "Changed");
    })
    .await;
}

#[tokio::test]
async fn production_is_not_seeded() {
    service(|s| async move {
        let mut ctx = s.ctx.clone();
        ctx.environment = Environment::Production;

        let refusal = App::seed(&ctx, Path::new("src/fixtures"))
            .await
            .unwrap_err();

        assert!(refusal.to_string().contains("user:create"), "{refusal}");
        assert_eq!(s.accounts().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_truncated_database_is_empty_and_can_be_seeded_again() {
    service(|s| async move {
        App::seed(&s.ctx, Path::new("src/fixtures")).await.unwrap();

        App::truncate(&s.ctx).await.unwrap();

        assert_eq!(s.accounts().await, 0);
        App::seed(&s.ctx, Path::new("src/fixtures")).await.unwrap();
        assert_eq!(s.accounts().await, 4);
    })
    .await;
}

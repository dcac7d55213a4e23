//! Somebody must be left who can administer the system.

use axum::http::Method;
use rollcall::models::users::{self, Role};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::USERS;
use crate::support::{Client, Service, in_parallel, service};

async fn admins_left(s: &Service) -> u64 {
    users::Entity::find()
        .filter(users::Column::Role.eq(Role::Admin))
        .filter(users::Column::IsActive.eq(true))
        .filter(users::Column::DeletedAt.is_null())
        .count(&s.ctx.db)
        .await
        .expect("a count")
}

/// One of the ways to do away with an administrator.
async fn remove(root: &Client, id: &str, way: usize) -> u16 {
    let json = Some("application/json");
    let user = format!("{USERS}/{id}");
    let answer = match way % 3 {
        0 => {
            let body = json!({"role": "user"}).to_string();
            root.send(Method::PUT, &format!("{user}/role"), json, body)
                .await
        }
        1 => {
            root.send(Method::PUT, &format!("{user}/suspension"), json, "{}")
                .await
        }
        _ => root.delete(&user).await,
    };
    if answer.status == 409 {
        answer.is_problem(409, "last_admin");
    }
    answer.status
}

#[tokio::test]
async fn the_last_one_stays_whatever_is_tried() {
    service(|s| async move {
        let root = s.admin("root").await;

        for way in 0..3 {
            assert_eq!(remove(&root, root.id(), way).await, 409);
        }

        assert_eq!(root.get("/v1/api/users/admin-only").await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_parallel_tries_on_the_last_two_leave_one() {
    for round in 0..4 {
        service(move |s| async move {
            let (one, two) = (s.admin("one").await, s.admin("two").await);

            let pair = [one, two];
            let statuses = in_parallel(20, move |i| {
                let (by, on) = (pair[i % 2].clone(), pair[(i + 1) % 2].clone());
                async move { remove(&by, on.id(), i / 2 + round).await }
            })
            .await;

            assert_eq!(admins_left(&s).await, 1, "{statuses:?}");
            assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
        })
        .await;
    }
}

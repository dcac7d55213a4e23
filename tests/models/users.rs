//! Accounts, without HTTP around them.

use chrono::Duration;
use rollcall::models::{
    Error,
    params::parse,
    users::{
        Model, Role,
        registration::{RegisterParams, Registrar},
    },
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{PASSWORD, Service, service};

async fn register(s: &Service, username: &str) -> Model {
    let body = json!({"username": username, "email": format!("{username}@example.com"), "password": PASSWORD});
    let params: RegisterParams = parse(body, &s.rollcall.settings).expect("good parameters");
    Model::register(s.means(), params, Registrar::Operator, None)
        .await
        .expect("an account")
}

#[tokio::test]
async fn what_is_written_is_what_is_read() {
    service(|s| async move {
        let written = register(&s, "ada").await;

        let read = Model::find_by_id(&s.ctx.db, written.id).await.unwrap();

        assert_eq!(read, written);
        assert_eq!(read.updated_at, None);
    })
    .await;
}

#[tokio::test]
async fn an_id_that_nobody_has_is_not_found() {
    service(|s| async move {
        for id in [Uuid::nil(), Uuid::max(), Uuid::now_v7()] {
            let found = Model::find_by_id(&s.ctx.db, id).await;

            assert!(matches!(found, Err(Error::NotFound)), "{found:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_newest_accounts_come_first() {
    service(|s| async move {
        for username in ["ada", "grace", "alan"] {
            register(&s, username).await;
            s.rollcall.clock.advance(Duration::seconds(1));
        }

        let newest = Model::newest(&s.ctx.db, 2).await.unwrap();

        let names: Vec<_> = newest.iter().map(|user| user.username.as_str()).collect();
        assert_eq!(names, ["alan", "grace"]);
    })
    .await;
}

#[tokio::test]
async fn giving_a_role_twice_changes_nothing_more() {
    service(|s| async move {
        let ada = register(&s, "ada").await;
        let once = ada.assign_role(s.means(), Role::Admin, true).await.unwrap();
        s.advance(Duration::hours(1));
        let twice = once
            .assign_role(s.means(), Role::Admin, true)
            .await
            .unwrap();

        assert_eq!(once.role, Role::Admin);
        assert!(once.updated_at.is_some());
        assert_eq!(twice, once);
        let read = Model::find_by_id(&s.ctx.db, once.id).await.unwrap();
        assert_eq!(read, once);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_account_gets_no_role() {
    service(|s| async move {
        let ada = register(&s, "ada").await;
        ada.clone().soft_delete(s.means(), true).await.unwrap();

        let outcome = ada.assign_role(s.means(), Role::Admin, true).await;

        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn a_deleted_account_is_found_by_its_id_only() {
    service(|s| async move {
        let ada = register(&s, "ada").await;

        let deleted = ada.soft_delete(s.means(), true).await.unwrap();

        assert!(deleted.is_deleted());
        assert!(!deleted.is_usable(s.now()));
        let by_id = Model::find_by_id(&s.ctx.db, deleted.id).await.unwrap();
        assert_eq!(by_id, deleted);
        for identifier in ["ada", "ada@example.com"] {
            let found = Model::find_by_identifier(&s.ctx.db, identifier).await;
            assert!(matches!(found, Err(Error::NotFound)), "{found:?}");
        }
    })
    .await;
}

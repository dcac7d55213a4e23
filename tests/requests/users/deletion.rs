//! `DELETE /v1/api/users/`: a soft delete.

use loco_rs::config::Config;
use rollcall::models::users::{self, Role};

use super::CURRENT;
use crate::support::{in_parallel, service, service_with};

fn with_precious_admins(config: &mut Config) {
    config.settings.as_mut().unwrap()["registration"]["allow_admin"] = false.into();
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_its_row_stays() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answer = ada.delete(CURRENT).await;

        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        let gone = ada.get(CURRENT).await;
        gone.is_problem(404, "user_not_found");
        assert_eq!(gone.body["detail"], "User not found");
        let row = s.row(&ada).await;
        assert!(row.deleted_at.is_some());
        assert_eq!(row.deleted_at, row.updated_at);
        assert_eq!(row.username, "ada");
        assert_eq!(s.accounts().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_account_can_do_nothing() {
    service(|s| async move {
        let root = s.admin("root").await;
        root.delete(CURRENT).await;
        let own = format!("/v1/api/users/{}", root.id());

        for path in [CURRENT, "/v1/api/users/admin-only", &own] {
            root.get(path).await.is_problem(404, "user_not_found");
        }
        let change = serde_json::json!({"first_name": "Ghost"});
        let answer = root.patch(CURRENT, change).await;
        answer.is_problem(404, "user_not_found");
        assert_eq!(s.row(&root).await.first_name, None);
    })
    .await;
}

#[tokio::test]
async fn deleting_twice_changes_nothing_more() {
    service(|s| async move {
        let ada = s.member("ada").await;
        ada.delete(CURRENT).await;
        let before = s.row(&ada).await;
        s.rollcall.clock.advance(chrono::Duration::minutes(1));

        let again = ada.delete(CURRENT).await;

        again.is_problem(404, "user_not_found");
        assert_eq!(s.row(&ada).await, before);
    })
    .await;
}

#[tokio::test]
async fn of_twenty_deletions_at_once_one_succeeds() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answers = in_parallel(20, |_| {
            let ada = ada.clone();
            async move { ada.delete(CURRENT).await.status }
        })
        .await;

        let succeeded = answers.iter().filter(|status| **status == 204).count();
        let gone = answers.iter().filter(|status| **status == 404).count();
        assert_eq!((succeeded, gone), (1, 19), "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn an_account_changed_while_it_is_deleted_stays_deleted() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let answers = in_parallel(20, |i| {
            let ada = ada.clone();
            async move {
                if i == 10 {
                    return ada.delete(CURRENT).await.status;
                }
                let change = serde_json::json!({"first_name": format!("Ada {i}")});
                ada.patch(CURRENT, change).await.status
            }
        })
        .await;

        assert_eq!(answers[10], 204, "{answers:?}");
        assert!(
            answers
                .iter()
                .all(|status| [202, 204, 404].contains(status))
        );
        ada.get(CURRENT).await.is_problem(404, "user_not_found");
    })
    .await;
}

#[tokio::test]
async fn the_last_admin_can_not_be_deleted() {
    service_with(with_precious_admins, |s| async move {
        let root = s.promoted("root").await;
        s.member("ada").await;
        let inactive = s.promoted("inactive").await;
        s.deactivate(&inactive).await;

        let answer = root.delete(CURRENT).await;

        answer.is_problem(409, "last_admin");
        assert!(!s.row(&root).await.is_deleted());
        assert_eq!(root.get(CURRENT).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn two_admins_deleting_themselves_at_once_leave_one() {
    service_with(with_precious_admins, |s| async move {
        let admins = [s.promoted("root").await, s.promoted("toor").await];

        let answers = in_parallel(20, |i| {
            let admin = admins[i % 2].clone();
            async move { admin.delete(CURRENT).await.status }
        })
        .await;

        let left = users::Model::newest(&s.ctx.db, 10).await.unwrap();
        assert_eq!(left.len(), 1, "{answers:?}");
        assert_eq!(left[0].role, Role::Admin);
        assert_eq!(answers.iter().filter(|status| **status == 204).count(), 1);
        assert!(
            answers
                .iter()
                .all(|status| [204, 404, 409].contains(status))
        );
    })
    .await;
}

#[tokio::test]
async fn a_member_is_deleted_where_admins_are_precious() {
    service_with(with_precious_admins, |s| async move {
        let ada = s.member("ada").await;

        assert_eq!(ada.delete(CURRENT).await.status, 204);
    })
    .await;
}

#[tokio::test]
async fn where_anybody_registers_as_admin_the_last_one_may_go() {
    service(|s| async move {
        let root = s.admin("root").await;

        assert_eq!(root.delete(CURRENT).await.status, 204);
    })
    .await;
}

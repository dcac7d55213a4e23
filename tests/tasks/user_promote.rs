use rollcall::models::users::Role;

use super::task;
use crate::support::service;

const ADMIN_ONLY: &str = "/v1/api/users/admin-only";

#[tokio::test]
async fn somebody_is_an_admin_from_the_next_request_on() {
    service(|s| async move {
        for identifier in ["ada", "GRACE", "alan@example.com"] {
            let username = identifier.split('@').next().unwrap().to_lowercase();
            let client = s.member(&username).await;
            client.get(ADMIN_ONLY).await.is_problem(403, "forbidden");

            task(&s.ctx, "user:promote", &[("user", identifier)])
                .await
                .unwrap();

            assert_eq!(client.get(ADMIN_ONLY).await.status, 200);
            let row = s.row(&client).await;
            assert_eq!(row.role, Role::Admin);
            assert!(row.updated_at.is_some());
        }
    })
    .await;
}

#[tokio::test]
async fn promoting_twice_changes_nothing_more() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let arguments = [("user", "ada")];
        task(&s.ctx, "user:promote", &arguments).await.unwrap();
        let once = s.row(&ada).await;
        s.rollcall.clock.advance(chrono::Duration::minutes(1));

        task(&s.ctx, "user:promote", &arguments).await.unwrap();

        assert_eq!(s.row(&ada).await, once);
    })
    .await;
}

#[tokio::test]
async fn nobody_else_is_promoted() {
    service(|s| async move {
        let grace = s.member("grace").await;
        s.member("ada").await;
        let deleted = s.member("deleted").await;
        deleted.delete("/v1/api/users/").await;

        for identifier in ["nobody", "", "deleted", "%", "\0"] {
            let refusal = task(&s.ctx, "user:promote", &[("user", identifier)]).await;
            assert_eq!(
                refusal,
                Err("no living account has this identifier".to_string()),
                "{identifier:?}"
            );
        }
        task(&s.ctx, "user:promote", &[("user", "ada")])
            .await
            .unwrap();

        assert_eq!(s.row(&grace).await.role, Role::User);
        assert_eq!(s.row(&deleted).await.role, Role::User);
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_or_unknown_is_named() {
    service(|s| async move {
        let ada = s.member("ada").await;

        let missing = task(&s.ctx, "user:promote", &[]).await.unwrap_err();
        let arguments = [("user", "ada"), ("usr", "ada")];
        let unknown = task(&s.ctx, "user:promote", &arguments).await.unwrap_err();

        assert!(missing.contains("`user:…` is missing"), "{missing}");
        assert!(unknown.contains("`usr` is not known"), "{unknown}");
        assert_eq!(s.row(&ada).await.role, Role::User);
    })
    .await;
}

//! Deleted, restored, erased.

use chrono::Duration;
use rollcall::initializers::housekeeping::clean;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use super::USERS;
use crate::support::{PASSWORD, Service, service};

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn a_deleted_account_comes_back_as_it_was() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        assert_eq!(
            root.delete(&format!("{USERS}/{}", ada.id())).await.status,
            204
        );
        assert_eq!(ada.get("/v1/api/users/").await.status, 404);
        s.log_in_fails("ada", PASSWORD).await;
        let gone = root.get(&format!("{USERS}/{}", ada.id())).await;
        assert_eq!(gone.body["status"], "deleted");

        let path = format!("{USERS}/{}/restore", ada.id());
        let answer = root.post(&path, Value::Null).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["deleted_at"], Value::Null);
        assert_eq!(
            root.post(&path, Value::Null).await.status,
            200,
            "twice changes nothing"
        );
        assert!(!ada.is_in().await);
        assert!(s.log_in("ada", PASSWORD).await.is_in().await);
        let trail = s.trail_of(ada.uuid()).await;
        let count = |action: &str| trail.iter().filter(|(a, _)| a == action).count();
        assert_eq!(
            (count("account.deleted"), count("account.restored")),
            (1, 1)
        );
    })
    .await;
}

#[tokio::test]
async fn an_account_whose_identifiers_were_taken_meanwhile_stays_deleted() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        ada.delete("/v1/api/users/").await;
        let body = json!({"username": "other", "email": "ADA@example.com", "password": PASSWORD});
        assert_eq!(s.anonymous().post("/auth/register", body).await.status, 201);

        let answer = root
            .post(&format!("{USERS}/{}/restore", ada.id()), Value::Null)
            .await;

        answer.is_problem(409, "already_taken");
        assert_eq!(answer.pointers(), ["/email"]);
        assert!(s.row(&ada).await.is_deleted());
    })
    .await;
}

/// Everything in the database as text.
async fn everything(s: &Service) -> String {
    let db = &s.ctx.db;
    let backend = db.get_database_backend();
    let mut all = String::new();
    let mut tables = vec![
        "users",
        "sessions",
        "one_time_tokens",
        "outbox_mails",
        "throttles",
        "leases",
        "audit_events",
        "audit_anchors",
    ];
    if !s.is_postgres() {
        tables.push("users_search");
    }
    for table in tables {
        let sql = if s.is_postgres() {
            format!("SELECT row_to_json(t)::text AS row FROM {table} t")
        } else {
            let info = format!("SELECT name FROM pragma_table_info('{table}')");
            let rows = db
                .query_all_raw(Statement::from_string(backend, info))
                .await
                .expect("the columns");
            let names: Vec<String> = rows
                .iter()
                .map(|row| row.try_get("", "name").expect("a name"))
                .collect();
            format!(
                "SELECT quote({}) AS row FROM {table}",
                names.join(") || '|' || quote(")
            )
        };
        for row in db
            .query_all_raw(Statement::from_string(backend, sql))
            .await
            .expect("the rows")
        {
            all.push_str(&row.try_get::<String>("", "row").expect("text"));
            all.push('\n');
        }
    }
    all
}

#[tokio::test]
async fn after_the_grace_time_nothing_is_left_but_the_id_in_the_trail() {
    service(|s| async move {
        s.admin("root").await;
        let ada = {
            let home = s.anonymous().at("203.0.113.77");
            let body = json!({
                "username": "ada-canary", "email": ADA, "password": PASSWORD, "first_name": "Augusta",
                "last_name": "Canarius", "phone_number": "+4471234567",
            });
            let made = home.post("/auth/register", body).await;
            let granted = home.log_in("ada-canary", PASSWORD).await;
            let mut ada = home.with_tokens(&granted);
            ada.user = made.body;
            ada
        };
        s.token_from("/auth/password/forgot", ADA).await;
        s.anonymous().at("203.0.113.77").log_in("ada-canary", "a wrong guess").await;
        ada.patch("/v1/api/users/", json!({"email": "canary-two@example.com"})).await;
        s.mails().await;
        s.seal().await;
        assert_eq!(ada.delete("/v1/api/users/").await.status, 204);
        let traces = ["ada-canary", ADA, "Augusta", "augusta", "Canarius", "4471234567", "203.0.113.77", "canary-two"];
        let before = everything(&s).await;
        for trace in traces {
            assert!(before.contains(trace), "{trace} is nowhere before");
        }

        s.advance(Duration::days(30) - Duration::minutes(1));
        clean(&s.rollcall, uuid::Uuid::now_v7()).await.expect("a round");
        assert!(everything(&s).await.contains("ada-canary"), "not yet");
        s.advance(Duration::hours(1));
        clean(&s.rollcall, uuid::Uuid::now_v7()).await.expect("a round");

        let after = everything(&s).await;
        for trace in traces {
            assert!(!after.contains(trace), "{trace} is still there");
        }
        let event = s.last_event("account.purged").await;
        assert_eq!(event.subject_id, Some(ada.uuid()));
        s.seal().await;
        assert_eq!(s.verify(None).await.fault, None, "the chain holds");
        let root = s.log_in("root", PASSWORD).await;
        let restored = root.post(&format!("{USERS}/{}/restore", ada.id()), Value::Null).await;
        restored.is_problem(404, "not_found");
    })
    .await;
}

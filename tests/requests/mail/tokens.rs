//! A token is bound to one kind and one account, and stands nowhere but in its mail.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use rollcall::models::one_time_tokens;
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use serde_json::json;

use super::ANOTHER;
use crate::support::{Service, service};

const ADA: &str = "ada@example.com";

/// Every endpoint that takes a token.
const DOORS: [&str; 5] = [
    "/auth/verify-email",
    "/auth/password/reset",
    "/auth/magic-link/session",
    "/auth/change-email",
    "/auth/invitation/accept",
];

fn password_for(door: &str) -> Option<&'static str> {
    ["/auth/password/reset", "/auth/invitation/accept"]
        .contains(&door)
        .then_some(ANOTHER)
}

/// A token of each kind, with its door.
async fn one_of_each(s: &Service) -> Vec<(&'static str, String)> {
    let root = s.admin("root").await;
    let ada = s.member("ada").await;
    let verify = s.last_mail_to(ADA).await.token().to_string();
    let reset = s.token_from("/auth/password/forgot", ADA).await;
    let link = s.token_from("/auth/magic-link", ADA).await;
    ada.patch("/v1/api/users/", json!({"email": "new@example.com"}))
        .await;
    let change = s.last_mail_to("new@example.com").await.token().to_string();
    let newcomer = json!({"username": "newcomer", "email": "newcomer@example.com"});
    root.post("/v1/api/admin/invitations", newcomer).await;
    let invitation = s
        .last_mail_to("newcomer@example.com")
        .await
        .token()
        .to_string();
    DOORS
        .into_iter()
        .zip([verify, reset, link, change, invitation])
        .collect()
}

#[tokio::test]
async fn each_opens_its_own_door_only() {
    service(|s| async move {
        let tokens = one_of_each(&s).await;

        for (own, token) in &tokens {
            for door in DOORS.into_iter().filter(|door| door != own) {
                let status = s
                    .anonymous()
                    .use_token(door, token, password_for(door))
                    .await;
                assert_eq!(status, 422, "{own} at {door}");
            }
            let bearer = s.anonymous().with_token(token);
            assert_eq!(bearer.get("/v1/api/users/").await.status, 401);
            let refreshed = s.anonymous().refresh(token).await;
            assert_eq!(refreshed.status, 401);
        }
        // The magic link before what ends everything else.
        for at in [2, 4, 0, 1] {
            let (own, token) = &tokens[at];
            let status = s.anonymous().use_token(own, token, password_for(own)).await;
            assert!([200, 204].contains(&status), "{own}: {status}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_token_is_refused_alike() {
    service(|s| async move {
        let token = one_of_each(&s).await.swap_remove(0).1;
        let mut other_id = BASE64.decode(&token[4..]).expect("base64");
        other_id[15] ^= 1;
        let mut other_secret = BASE64.decode(&token[4..]).expect("base64");
        other_secret[40] ^= 1;

        for wrong in [
            String::new(),
            "x".to_string(),
            token[..token.len() - 1].to_string(),
            format!("{token}A"),
            token.replace("rco_", "rcr_"),
            format!("rco_{}", BASE64.encode(other_id)),
            format!("rco_{}", BASE64.encode(other_secret)),
            "rco_\u{0}".to_string(),
            "ä".repeat(5000),
        ] {
            let answer = s.anonymous().post(DOORS[0], json!({"token": wrong})).await;
            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), ["/token"]);
            assert!(wrong.is_empty() || wrong == "x" || !answer.text.contains(&wrong));
        }
        for body in [
            json!({}),
            json!({"token": null}),
            json!({"token": 1}),
            json!({"token": token, "x": 1}),
        ] {
            let answer = s.anonymous().post(DOORS[0], body).await;
            answer.is_problem(422, "validation_failed");
        }
        assert_eq!(s.anonymous().use_token(DOORS[0], &token, None).await, 204);
    })
    .await;
}

#[tokio::test]
async fn no_token_stands_in_a_table() {
    service(|s| async move {
        let tokens = one_of_each(&s).await;

        let rows = one_time_tokens::Entity::find().all(&s.ctx.db).await;
        // Two confirmations of the registrations, too.
        assert_eq!(rows.expect("the rows").len(), 6);
        for table in [
            "users",
            "sessions",
            "one_time_tokens",
            "outbox_mails",
            "throttles",
        ] {
            let everything = dump(&s, table).await;
            assert!(table == "throttles" || !everything.is_empty());
            for (door, token) in &tokens {
                let secret = &token[4 + 22..];
                assert!(!everything.contains(secret), "{door} is in {table}");
            }
        }
    })
    .await;
}

/// All rows of a table as text.
async fn dump(s: &Service, table: &str) -> String {
    let db = &s.ctx.db;
    let backend = db.get_database_backend();
    let columns = if backend == sea_orm::DatabaseBackend::Postgres {
        format!("SELECT row_to_json(t)::text AS row FROM {table} t")
    } else {
        let info = format!("SELECT name FROM pragma_table_info('{table}')");
        let info = Statement::from_string(backend, info);
        let rows = db.query_all_raw(info).await.expect("the columns");
        let names: Vec<String> = rows
            .iter()
            .map(|row| row.try_get("", "name").expect("a name"))
            .collect();
        let all = names.join(") || '|' || quote(");
        format!("SELECT quote({all}) AS row FROM {table}")
    };
    let rows = db
        .query_all_raw(Statement::from_string(backend, columns))
        .await;
    let rows = rows.expect("the rows");
    let rows = rows
        .iter()
        .map(|row| row.try_get::<String>("", "row").expect("text"));
    rows.collect::<Vec<_>>().join("\n")
}

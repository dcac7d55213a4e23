use serde_json::{Value, json};

use super::USERS;
use crate::support::{PASSWORD, Service, audit::details, in_parallel, service};

/// PBKDF2-SHA256 of the test password as Django stores it, with few iterations.
fn djangos() -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mut key = [0; 32];
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(PASSWORD.as_bytes(), b"salt", 1000, &mut key);
    format!("pbkdf2_sha256$1000$salt${}", STANDARD.encode(key))
}

fn account(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.com")})
}

fn path() -> String {
    format!("{USERS}/batch")
}

async fn count(s: &Service) -> u64 {
    rollcall::models::users::export::count(&s.ctx.db)
        .await
        .expect("a number")
}

#[tokio::test]
async fn accounts_come_in_with_their_hashes_and_log_in() {
    service(|s| async move {
        let root = s.admin("root").await;
        let mut django = account("django");
        django["password_hash"] = djangos().into();
        django["email_verified_at"] = "2020-01-01T00:00:00Z".into();
        django["created_at"] = "2019-01-01T00:00:00Z".into();
        let body = json!({"users": [django, account("bare")], "setup_mail": true});

        let answer = root.post(&path(), body).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["rejected"], json!([]));
        let accepted = answer.body["accepted"].as_array().expect("a list");
        assert_eq!(accepted.len(), 2);
        assert_eq!(accepted[1]["index"], 1);
        let found = root
            .get(&format!(
                "{USERS}/{}",
                accepted[0]["id"].as_str().expect("an id")
            ))
            .await;
        assert_eq!(found.body["created_at"], "2019-01-01T00:00:00Z");
        assert_eq!(found.body["status"], "active");
        s.log_in_fails("django", "not the password").await;
        s.log_in("django", PASSWORD).await;
        let invited = s.mails_to("bare@example.com").await;
        assert_eq!(invited.len(), 1, "a link by which a password is chosen");
        assert_eq!(s.mails_to("django@example.com").await.len(), 0);
        let event = s.last_event("accounts.imported").await;
        assert_eq!(details(&event)["accepted"], 2);
        assert_eq!(event.actor_id, Some(root.id().parse().expect("an id")));
    })
    .await;
}

#[tokio::test]
async fn each_account_that_cannot_come_in_is_told_why() {
    service(|s| async move {
        let root = s.admin("root").await;
        s.member("taken").await;
        let with = |name: &str, field: &str, value: Value| {
            let mut account = account(name);
            account[field] = value;
            account
        };
        let users = json!([
            account("good"),
            account("TAKEN"),
            account("Good"),
            with("a1", "email", "no address".into()),
            with("a2", "password_hash", "plain text".into()),
            with("a3", "password", PASSWORD.into()),
            with("a4", "role", "king".into()),
            "no object",
            with("a5", "phone_number", "12".into()),
        ]);

        let answer = root.post(&path(), json!({"users": users})).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["accepted"].as_array().expect("a list").len(), 1);
        let rejected = answer.body["rejected"].as_array().expect("a list");
        let told: Vec<(u64, &str)> = rejected
            .iter()
            .map(|row| {
                let errors = row["errors"].as_array().expect("errors");
                assert_eq!(errors.len(), 1, "{row}");
                (
                    row["index"].as_u64().expect("a number"),
                    errors[0]["pointer"].as_str().expect("a pointer"),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (1, "/users/1/username"),
                (2, "/users/2/username"),
                (3, "/users/3/email"),
                (4, "/users/4/password_hash"),
                (5, "/users/5/password"),
                (6, "/users/6/role"),
                (7, "/users/7"),
                (8, "/users/8/phone_number"),
            ]
        );
        assert_eq!(count(&s).await, 3);
        assert!(!answer.body.to_string().contains("plain text"));
    })
    .await;
}

#[tokio::test]
async fn a_request_of_another_shape_changes_nothing() {
    service(|s| async move {
        let root = s.admin("root").await;
        let too_many: Vec<Value> = (0..1001).map(|n| account(&format!("n-{n}"))).collect();
        for (body, pointer) in [
            (json!({}), "/users"),
            (json!({"users": null}), "/users"),
            (json!({"users": []}), "/users"),
            (json!({"users": {}}), "/users"),
            (json!({"users": too_many}), "/users"),
            (
                json!({"users": [account("a")], "dry_run": true}),
                "/dry_run",
            ),
            (
                json!({"users": [account("a")], "setup_mail": "yes"}),
                "/setup_mail",
            ),
        ] {
            let answer = root.post(&path(), body).await;
            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), [pointer]);
        }
        assert_eq!(count(&s).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_thousand_fit_and_a_body_that_is_too_long_does_not() {
    service(|s| async move {
        let root = s.admin("root").await;
        let full = |n: usize| {
            let mut account = account(&format!("n-{n}"));
            account["first_name"] = "x".repeat(150).into();
            account["suspension_reason"] = "y".repeat(500).into();
            account["password_hash"] = djangos().into();
            account
        };
        let users: Vec<Value> = (0..1000).map(full).collect();
        let answer = root.post(&path(), json!({"users": users})).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.body["accepted"].as_array().expect("a list").len(),
            1000
        );
        let mut long = account("long");
        long["first_name"] = "x".repeat(2 * 1024 * 1024).into();
        let answer = root.post(&path(), json!({"users": [long]})).await;
        assert_eq!(answer.status, 413);
        assert_eq!(count(&s).await, 1001);
    })
    .await;
}

#[tokio::test]
async fn of_twenty_equal_requests_each_account_goes_in_once() {
    service(|s| async move {
        let root = s.admin("root").await;
        let answers = in_parallel(20, |_| {
            let root = root.clone();
            async move {
                let users: Vec<Value> = (0..10).map(|n| account(&format!("n-{n}"))).collect();
                root.post(&path(), json!({"users": users})).await
            }
        })
        .await;
        let mut accepted = 0;
        for answer in &answers {
            assert_eq!(answer.status, 200, "{answer:?}");
            let of = |field: &str| answer.body[field].as_array().expect("a list").len();
            assert_eq!(of("accepted") + of("rejected"), 10);
            accepted += of("accepted");
        }
        assert_eq!(accepted, 10);
        assert_eq!(count(&s).await, 11);
    })
    .await;
}

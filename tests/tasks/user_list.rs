use serde_json::Value;

use super::task;
use crate::support::{
    process::{Scratch, rollcall},
    service,
};

#[tokio::test]
async fn a_list_is_taken_with_and_without_a_limit() {
    service(|s| async move {
        s.member("ada").await;

        for arguments in [
            &[][..],
            &[("limit", "1")],
            &[("limit", "1000"), ("json", "true")],
        ] {
            assert_eq!(task(&s.ctx, "user:list", arguments).await, Ok(()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_limit_is_a_number_from_1_to_1000() {
    service(|s| async move {
        for limit in ["0", "1001", "-1", "", "x", "1e3", "99999999999999999999"] {
            let refusal = task(&s.ctx, "user:list", &[("limit", limit)])
                .await
                .unwrap_err();

            assert!(refusal.contains("`limit`"), "{limit}: {refusal}");
        }
        let refusal = task(&s.ctx, "user:list", &[("limt", "1")])
            .await
            .unwrap_err();
        assert!(refusal.contains("`limt` is not known"), "{refusal}");
    })
    .await;
}

#[test]
fn what_is_printed_has_everybody_and_no_hash() {
    let scratch = Scratch::new();
    let database = scratch.database();
    let variables = [
        ("LOCO_ENV", "development"),
        ("DATABASE_URL", database.as_str()),
    ];
    let seeded = rollcall(&["db", "seed", "--from", "src/fixtures"], &variables, "");
    assert_eq!(seeded.code, Some(0), "{seeded:?}");

    let table = rollcall(&["task", "user:list"], &variables, "");
    let json = rollcall(
        &["task", "user:list", "json:true", "limit:2"],
        &variables,
        "",
    );

    assert_eq!(table.code, Some(0), "{table:?}");
    for text in [
        "admin@example.com",
        "ada@example.com",
        "false",
        "4 accounts",
    ] {
        assert!(table.stdout.contains(text), "{text}: {}", table.stdout);
    }
    assert!(!table.stdout.contains("argon2"));
    let users: Value = serde_json::from_str(&json.stdout).expect("JSON only");
    assert_eq!(users.as_array().unwrap().len(), 2);
    assert_eq!(users[0]["username"], "alan");
    assert_eq!(users[0].get("hashed_password"), None);
}

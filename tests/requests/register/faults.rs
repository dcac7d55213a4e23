//! Fields that are not valid: 422, with all that is wrong and nothing that was sent.

use serde_json::{Value, json};

use super::{ada, ada_with};
use crate::support::{Answer, Service, service};

/// The one fault of this change to a good body.
async fn fault(s: &Service, changes: Value) -> (String, String) {
    let shown = changes.to_string();
    let answer = s
        .anonymous()
        .post("/auth/register", ada_with(changes))
        .await;
    answer.is_problem(422, "validation_failed");
    assert_eq!(answer.pointers().len(), 1, "{shown}: {answer:?}");
    let fault = &answer.body["errors"][0];
    assert!(fault["detail"].as_str().unwrap().ends_with('.'));
    (text(&fault["pointer"]), text(&fault["code"]))
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_string()
}

fn codes(answer: &Answer) -> Vec<(String, String)> {
    let errors = answer.body["errors"].as_array().expect("errors");
    errors
        .iter()
        .map(|fault| (text(&fault["pointer"]), text(&fault["code"])))
        .collect()
}

#[tokio::test]
async fn all_faults_are_found_at_once_and_no_value_is_echoed() {
    service(|s| async move {
        let body = json!({
            "username": "canary canary",
            "email": "canary",
            "first_name": "canary\u{7}",
            "last_name": {"canary": ["canary"]},
            "phone_number": "canary",
            "role": "canary, expected canary",
            "is_active": "canary",
            "password": "canary",
            "nickname": "canary",
            "a/b~c": "canary",
        });

        let answer = s.anonymous().post("/auth/register", body).await;

        answer.is_problem(422, "validation_failed");
        assert_eq!(answer.body["detail"], "The request has 10 faults.");
        let expected = [
            ("/a~1b~0c", "unknown_field"),
            ("/email", "invalid_email"),
            ("/first_name", "invalid_characters"),
            ("/is_active", "invalid_type"),
            ("/last_name", "invalid_type"),
            ("/nickname", "unknown_field"),
            ("/password", "invalid_length"),
            ("/phone_number", "invalid_phone_number"),
            ("/role", "invalid_type"),
            ("/username", "invalid_username"),
        ];
        assert_eq!(
            codes(&answer),
            expected.map(|(pointer, code)| (pointer.to_string(), code.to_string()))
        );
        assert!(!answer.text.contains("canary"), "{}", answer.text);
        assert_eq!(s.accounts().await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_is_required_and_what_is_null_has_a_wrong_type() {
    service(|s| async move {
        let nulls = json!({"username": null, "email": null, "password": null, "role": null, "is_active": null});

        let missing = s.anonymous().post("/auth/register", json!({})).await;
        let null = s.anonymous().post("/auth/register", nulls).await;

        missing.is_problem(422, "validation_failed");
        let required =
            ["/email", "/password", "/username"].map(|p| (p.to_string(), "required".to_string()));
        assert_eq!(codes(&missing), required);
        null.is_problem(422, "validation_failed");
        let wrong = ["/email", "/is_active", "/password", "/role", "/username"]
            .map(|p| (p.to_string(), "invalid_type".to_string()));
        assert_eq!(codes(&null), wrong);
    })
    .await;
}

#[tokio::test]
async fn a_body_is_an_object() {
    service(|s| async move {
        for body in [
            json!([ada()]),
            json!("ada"),
            json!(7),
            json!(true),
            json!(null),
        ] {
            let answer = s.anonymous().post("/auth/register", body).await;

            answer.is_problem(422, "validation_failed");
            assert_eq!(
                codes(&answer),
                [(String::new(), "invalid_type".to_string())]
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_username_can_not_be_taken_for_an_email_or_a_phone_number() {
    service(|s| async move {
        for username in [
            "ada@example.com",
            "ada＠example.com",
            "+1234567890",
            "＋1234567890",
            "1234567890",
            "１２３",
            "12-34",
        ] {
            let found = fault(&s, json!({"username": username})).await;

            assert_eq!(found, ("/username".into(), "invalid_username".into()));
        }
    })
    .await;
}

#[tokio::test]
async fn control_and_bidi_characters_are_refused_everywhere() {
    service(|s| async move {
        for hostile in [
            '\0', '\n', '\u{1b}', '\u{7f}', '\u{85}', '\u{61c}', '\u{200f}', '\u{202e}', '\u{2066}',
        ] {
            let cases = [
                ("username", format!("a{hostile}da"), "invalid_username"),
                (
                    "email",
                    format!("a{hostile}da@example.com"),
                    "invalid_email",
                ),
                (
                    "email",
                    format!("ada@exa{hostile}mple.com"),
                    "invalid_email",
                ),
                (
                    "phone_number",
                    format!("+123{hostile}45"),
                    "invalid_phone_number",
                ),
                ("first_name", format!("A{hostile}da"), "invalid_characters"),
                (
                    "last_name",
                    format!("Love{hostile}lace"),
                    "invalid_characters",
                ),
            ];
            for (field, value, code) in cases {
                let found = fault(&s, json!({field: value})).await;

                assert_eq!(found, (format!("/{field}"), code.into()), "{hostile:?}");
            }
        }
        assert_eq!(s.accounts().await, 0);
    })
    .await;
}

#[tokio::test]
async fn lengths_have_their_limits() {
    service(|s| async move {
        let cases = [
            ("username", String::new()),
            ("username", "a".repeat(65)),
            ("email", format!("{}@example.com", "a".repeat(243))),
            ("first_name", "a".repeat(151)),
            ("last_name", "é".repeat(151)),
            ("password", "1234567".to_string()),
            ("password", "a".repeat(257)),
        ];
        for (field, value) in cases {
            let found = fault(&s, json!({field: value})).await;

            assert_eq!(found, (format!("/{field}"), "invalid_length".into()));
        }
    })
    .await;
}

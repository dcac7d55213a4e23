//! Which passwords may be chosen: any that is long enough, unless it can be guessed.

use loco_rs::config::Config;
use rollcall::{models::users::policy::fault, settings::Password};
use serde_json::json;

use crate::support::{PASSWORD, nodes::set, service_with};

/// As in production.
fn strict() -> Password {
    Password {
        min_length: 15,
        refuse_guessable: true,
        ..Password::default()
    }
}

fn only_length() -> Password {
    Password {
        refuse_guessable: false,
        ..strict()
    }
}

/// The code and the sentence of a refusal.
fn refusal(password: &str, about: &[&str], settings: &Password) -> Option<(String, String)> {
    let about: Vec<Option<&str>> = about.iter().copied().map(Some).collect();
    let fault = fault(password, &about, settings)?;
    assert_eq!(fault.pointer, "/password");
    assert!(
        !fault.detail.contains(password),
        "the password is in the answer"
    );
    Some((fault.code.into_owned(), fault.detail.into_owned()))
}

fn code(password: &str, about: &[&str], settings: &Password) -> Option<String> {
    refusal(password, about, settings).map(|(code, _)| code)
}

fn guessing(config: &mut Config) {
    set(config, "password.refuse_guessable", true);
}

#[test]
fn length_is_counted_in_code_points() {
    let settings = only_length();
    for letter in ["x", "ä", "密", "🦀", "\u{1f1}"] {
        let of = |n: usize| code(&letter.repeat(n), &[], &settings);

        assert_eq!(of(14).as_deref(), Some("invalid_length"), "{letter}");
        assert_eq!(of(15), None, "{letter}");
        assert_eq!(of(256), None, "{letter}");
        assert_eq!(of(257).as_deref(), Some("invalid_length"), "{letter}");
    }
}

#[test]
fn a_letter_is_one_however_it_is_composed() {
    let decomposed = "a\u{308}";
    assert!(code(&decomposed.repeat(14), &[], &only_length()).is_some());
    assert_eq!(code(&decomposed.repeat(256), &[], &only_length()), None);
}

#[test]
fn the_refusal_says_how_long_it_must_be() {
    let (_, short) = refusal("short", &[], &strict()).expect("a refusal");
    assert_eq!(short, "A password has at least 15 characters.");
    let (_, long) = refusal(&"x".repeat(257), &[], &strict()).expect("a refusal");
    assert_eq!(long, "A password has at most 256 characters.");
}

#[test]
fn common_passwords_are_refused_with_advice() {
    for password in [
        "password1234567",
        "Password1234567",
        "p@ssw0rd1234567",
        "qwertyuiopasdfgh",
        "123456789012345",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "passwordpassword",
        "iloveyouiloveyou",
    ] {
        let (code, detail) = refusal(password, &[], &strict()).expect(password);

        assert_eq!(code, "guessable", "{password}");
        let advice = detail.strip_prefix("This password can be guessed. ");
        assert!(
            advice.is_some_and(|advice| advice.len() > 10),
            "{password}: {detail}"
        );
    }
}

#[test]
fn what_its_owner_is_called_is_refused() {
    let about = [
        "ada.lovelace",
        "countess@analytical-engine.org",
        "Augusta",
        "Lovelace",
    ];
    for password in [
        "adalovelacelovelace",
        "ada.lovelace.1815",
        "countess@analytical-engine.org",
        "COUNTESS@ANALYTICAL-ENGINE.ORG",
        "analytical-engine",
        "augustaaugusta1",
        "LovelaceLovelace",
    ] {
        let found = code(password, &about, &strict());
        assert_eq!(found.as_deref(), Some("guessable"), "{password}");
    }
}

#[test]
fn the_products_name_is_refused() {
    for password in [
        "rollcallrollcall",
        "Rollcall-Rollcall",
        "rollcallrollcall1!",
        "rollcall2026!!!",
    ] {
        let found = code(password, &[], &strict());
        assert_eq!(found.as_deref(), Some("guessable"), "{password}");
    }
}

#[test]
fn nothing_is_asked_of_what_it_is_made_of() {
    for password in [
        PASSWORD,
        "correct horse battery staple",
        "das kleine pferd frisst hafer",
        "вчера шёл сильный дождь в москве",
        "   spaces   are   welcome   ",
        "j7#kQ!v9z@pL2mX",
        &"the quick brown fox jumps over the lazy dog and then some more ".repeat(4),
    ] {
        assert_eq!(
            refusal(password, &["ada", "ada@example.com"], &strict()),
            None,
            "{password}"
        );
    }
}

#[test]
fn short_names_do_not_spoil_a_good_password() {
    for name in ["", "a", "Al", "ed"] {
        let found = code("alert blue machine garden", &[name, "x@y.de"], &strict());
        assert_eq!(found, None, "{name}");
    }
}

#[test]
fn where_it_is_switched_off_only_length_counts() {
    assert_eq!(
        code("password1234567", &["password1234567"], &only_length()),
        None
    );
}

#[tokio::test]
async fn a_guessable_password_cannot_be_registered() {
    service_with(guessing, |s| async move {
        for (password, status) in [
            ("password1234567", 422),
            ("grace.hopper.1906", 422),
            ("navy@example.com", 422),
            ("rollcallrollcall", 422),
            ("Hopper Hopper", 422),
            (PASSWORD, 201),
        ] {
            let account = json!({
                "username": "grace.hopper", "email": "navy@example.com",
                "first_name": "Grace", "last_name": "Hopper", "password": password,
            });

            let answer = s.anonymous().post("/auth/register", account).await;

            assert_eq!(answer.status, status, "{password}: {answer:?}");
            if status == 422 {
                answer.is_problem(422, "validation_failed");
                assert_eq!(answer.pointers(), ["/password"]);
                assert_eq!(answer.body["errors"][0]["code"], "guessable");
                assert!(!answer.text.contains(password), "{password}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_guessable_password_cannot_be_changed_to() {
    service_with(guessing, |s| async move {
        let ada = s.member("ada.lovelace").await;

        for change in [
            json!({"password": "password1234567"}),
            json!({"password": "ada.lovelace.1815"}),
            json!({"password": "ada.lovelace@example.com"}),
            json!({"username": "countess", "password": "countesscountess"}),
        ] {
            let answer = ada.patch("/v1/api/users/", change).await;
            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), ["/password"]);
        }

        assert!(s.log_in("ada.lovelace", PASSWORD).await.is_in().await);
        let change = json!({"password": "seven green bottles"});
        assert_eq!(ada.patch("/v1/api/users/", change).await.status, 202);
    })
    .await;
}

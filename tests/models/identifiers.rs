//! `models::users::identifiers`: what an account may be called, and how names are compared.

mod contacts;

use rollcall::models::users::identifiers::{Identifier, canonical, username};
use validator::ValidationError;

/// The code of the refusal, or "ok".
fn verdict(result: &Result<(), ValidationError>) -> &str {
    match result {
        Ok(()) => "ok",
        Err(refusal) => {
            assert!(refusal.message.is_some(), "{refusal:?}");
            &refusal.code
        }
    }
}

#[track_caller]
fn check(rule: fn(&str) -> Result<(), ValidationError>, cases: &[(&str, &str)]) {
    for (value, expected) in cases {
        assert_eq!(verdict(&rule(value)), *expected, "{value:?}");
    }
}

#[test]
fn one_name_has_one_canonical_form() {
    for (spelling, expected) in [
        ("ada", "ada"),
        ("ADA", "ada"),
        ("Ａｄａ", "ada"),
        ("straße", "strasse"),
        ("STRASSE", "strasse"),
        ("ﬁ", "fi"),
        ("Zoe\u{308}", "zoë"),
        ("ZOË", "zoë"),
        ("\u{212a}", "k"),
        ("Σίσυφος", "σίσυφοσ"),
        ("١٢٣", "١٢٣"),
        ("", ""),
        ("a\0b", "a\u{fffd}b"),
    ] {
        assert_eq!(canonical(spelling), expected, "{spelling:?}");
    }
}

#[test]
fn a_canonical_form_is_its_own() {
    for spelling in [
        "Ａｄａ",
        "straße",
        "ẞ",
        "İstanbul",
        "ǅ",
        "ﬃ",
        "ΐ",
        "\u{345}",
        "a\0b",
        "Å",
        "ﷺ",
    ] {
        let once = canonical(spelling);

        assert_eq!(canonical(&once), once, "{spelling:?}");
    }
}

#[test]
fn what_is_typed_at_a_login_is_one_kind_of_identifier() {
    for (input, expected) in [
        ("Ada", Identifier::Username("ada".into())),
        ("", Identifier::Username(String::new())),
        ("1234", Identifier::Username("1234".into())),
        (
            "Ada@Example.com",
            Identifier::Email("ada@example.com".into()),
        ),
        (
            "ada＠example.com",
            Identifier::Email("ada@example.com".into()),
        ),
        (
            "+ada@example.com",
            Identifier::Email("+ada@example.com".into()),
        ),
        ("+1234", Identifier::Phone("+1234".into())),
        ("＋１２３４", Identifier::Phone("+1234".into())),
        ("1+2", Identifier::Username("1+2".into())),
    ] {
        assert_eq!(Identifier::parse(input), expected, "{input:?}");
    }
}

#[test]
fn a_username_never_parses_as_another_identifier() {
    for valid in [
        "ada",
        "a.d_a-1",
        "ＡＤＡ",
        "Zoë",
        "李四",
        "عادل",
        "x٣",
        "ñ",
        "0x0",
        "-a-",
    ] {
        assert_eq!(verdict(&username(valid)), "ok", "{valid:?}");
        assert!(
            matches!(Identifier::parse(valid), Identifier::Username(_)),
            "{valid:?}"
        );
    }
}

#[test]
fn a_username_is_letters_digits_dots_underscores_and_hyphens() {
    check(
        username,
        &[
            ("नमस्ते", "ok"),
            ("", "invalid_length"),
            (" ", "invalid_username"),
            ("a da", "invalid_username"),
            ("ada ", "invalid_username"),
            ("ada/..", "invalid_username"),
            ("ada@example.com", "invalid_username"),
            ("+1234", "invalid_username"),
            ("1234", "invalid_username"),
            ("1.2-3_4", "invalid_username"),
            ("...", "invalid_username"),
            ("١٢٣", "invalid_username"),
            ("½a", "invalid_username"),
            ("ﷺ", "invalid_username"),
            ("a\u{200b}da", "invalid_username"),
            ("a\u{ad}da", "invalid_username"),
            ("a🦀", "invalid_username"),
            ("\u{301}", "invalid_username"),
            ("a\0", "invalid_username"),
            ("a\u{fffd}", "invalid_username"),
            ("<b>", "invalid_username"),
            ("a'--", "invalid_username"),
            ("a%", "invalid_username"),
        ],
    );
}

#[test]
fn a_username_has_1_to_64_characters_in_both_forms() {
    assert_eq!(verdict(&username("a")), "ok");
    assert_eq!(verdict(&username(&"a".repeat(64))), "ok");
    assert_eq!(verdict(&username(&"李".repeat(64))), "ok");
    assert_eq!(verdict(&username(&"a".repeat(65))), "invalid_length");
    // 33 characters, 66 when folded.
    assert_eq!(verdict(&username(&"ß".repeat(33))), "invalid_length");
    // 66 characters, 33 when composed.
    assert_eq!(verdict(&username(&"e\u{301}".repeat(33))), "invalid_length");
}

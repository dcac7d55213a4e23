//! `policy::fault` where guessable passwords are not refused: length is all that counts, in code points of the composed form.

use rollcall::{
    models::users::policy,
    settings::{Password, Settings},
};

fn fault(password: &str, settings: &Password) -> Option<rollcall::models::params::Fault> {
    policy::fault(password, &[], settings)
}

fn policy(min_length: usize) -> Password {
    Password {
        min_length,
        refuse_guessable: false,
        ..Settings::default().password
    }
}

#[test]
fn a_password_has_at_least_as_many_characters_as_the_settings_say() {
    for min_length in [8, 15, 64] {
        let policy = policy(min_length);

        assert_eq!(fault(&"x".repeat(min_length), &policy), None);
        let fault = fault(&"x".repeat(min_length - 1), &policy).expect("a fault");
        assert_eq!(fault.pointer, "/password");
        assert_eq!(fault.code, "invalid_length");
        assert!(fault.detail.contains(&min_length.to_string()), "{fault}");
    }
}

#[test]
fn a_password_has_at_most_256_characters() {
    let policy = policy(8);

    assert_eq!(fault(&"x".repeat(256), &policy), None);
    assert_eq!(fault(&"🦀".repeat(256), &policy), None);
    assert!(fault(&"x".repeat(257), &policy).is_some());
}

#[test]
fn characters_are_code_points_of_the_composed_form() {
    let policy = policy(8);

    // Not bytes, not UTF-16 units.
    assert_eq!(fault(&"é".repeat(8), &policy), None);
    assert!(fault(&"é".repeat(7), &policy).is_some());
    assert!(fault(&"🦀".repeat(7), &policy).is_some());
    // 16 as written, 8 composed; 14 as written, 7 composed.
    assert_eq!(fault(&"e\u{301}".repeat(8), &policy), None);
    assert!(fault(&"e\u{301}".repeat(7), &policy).is_some());
    assert_eq!(fault(&"e\u{301}".repeat(256), &policy), None);
}

#[test]
fn there_are_no_rules_of_composition() {
    let policy = policy(8);

    for password in [
        "aaaaaaaa",
        "12345678",
        "        ",
        "正しい馬の電池の釘",
        "a\0\n\t\u{202e}bcd",
    ] {
        assert_eq!(fault(password, &policy), None, "{password:?}");
    }
}

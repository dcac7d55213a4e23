//! Emails, phone numbers and names.

use rollcall::models::users::identifiers::{email, name, phone_number};

use super::{check, verdict};

#[test]
fn an_email_is_an_address_that_mail_can_be_sent_to() {
    check(
        email,
        &[
            ("a@b.co", "ok"),
            ("ada+tag@example.com", "ok"),
            ("o'hara@example.com", "ok"),
            ("ada@xn--bcher-kva.example", "ok"),
            ("ada@sub.sub.example.com", "ok"),
            ("", "invalid_email"),
            ("ada", "invalid_email"),
            ("@", "invalid_email"),
            ("ada@", "invalid_email"),
            ("@example.com", "invalid_email"),
            ("a@b@example.com", "invalid_email"),
            ("ada@bücher.example", "invalid_email"),
            ("zoë@example.com", "invalid_email"),
            ("ada＠example.com", "invalid_email"),
            ("ada@example.com ", "invalid_email"),
            (" ada@example.com", "invalid_email"),
            ("ada@exam ple.com", "invalid_email"),
            ("ada@example..com", "invalid_email"),
            ("ada@-example.com", "invalid_email"),
            ("Ada <ada@example.com>", "invalid_email"),
            ("ada@example.com,eve@example.com", "invalid_email"),
            ("ada@example.com\nBcc: eve@example.com", "invalid_email"),
            ("ada@example.com\r\n", "invalid_email"),
            ("ada\0@example.com", "invalid_email"),
        ],
    );
}

#[test]
fn an_email_has_at_most_254_bytes() {
    // 64 + 1 + 189
    let domain = |length: usize| {
        let label = "d".repeat(59);
        let rest = "e".repeat(length - 3 * 60 - 4);
        format!("{label}.{label}.{label}.{rest}.com")
    };
    let local = "l".repeat(64);
    let longest = format!("{local}@{}", domain(189));
    let too_long = format!("{local}@{}", domain(190));

    assert_eq!((longest.len(), too_long.len()), (254, 255));
    assert_eq!(verdict(&email(&longest)), "ok");
    assert_eq!(verdict(&email(&too_long)), "invalid_length");
}

#[test]
fn a_phone_number_is_a_plus_and_2_to_15_digits() {
    check(
        phone_number,
        &[
            ("+12", "ok"),
            ("+1234567890", "ok"),
            ("+123456789012345", "ok"),
            ("+1", "invalid_phone_number"),
            ("+1234567890123456", "invalid_phone_number"),
            ("", "invalid_phone_number"),
            ("+", "invalid_phone_number"),
            ("1234567890", "invalid_phone_number"),
            ("001234567890", "invalid_phone_number"),
            ("++123", "invalid_phone_number"),
            ("+12 34", "invalid_phone_number"),
            ("+12-34", "invalid_phone_number"),
            ("+12a4", "invalid_phone_number"),
            ("+１２３４", "invalid_phone_number"),
            ("＋1234", "invalid_phone_number"),
            ("+1234\n", "invalid_phone_number"),
        ],
    );
}

#[test]
fn a_name_is_any_text_that_leaves_its_surroundings_alone() {
    check(
        name,
        &[
            ("Ada", "ok"),
            ("", "ok"),
            ("O'Hara-Smith, Jr.", "ok"),
            ("<b>Ada</b>", "ok"),
            ("李 四 🦀", "ok"),
            ("می\u{200c}خواهم", "ok"),
            ("A\0", "invalid_characters"),
            ("A\tB", "invalid_characters"),
            ("A\r\nBcc: eve", "invalid_characters"),
            ("\u{1b}[31m", "invalid_characters"),
            ("\u{9b}31m", "invalid_characters"),
            ("\u{202e}adA", "invalid_characters"),
            ("\u{2069}", "invalid_characters"),
            ("\u{200e}", "invalid_characters"),
            ("\u{61c}", "invalid_characters"),
        ],
    );
    assert_eq!(verdict(&name(&"é".repeat(150))), "ok");
    assert_eq!(verdict(&name(&"é".repeat(151))), "invalid_length");
}

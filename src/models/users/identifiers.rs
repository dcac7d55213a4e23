//! What an account may be called: username, email, phone number, names.
//!
//! Identifiers are compared in canonical form (NFKC, case-folded; Unicode TR 15 and 31), on which the
//! unique indexes stand. A username can't look like an email or a phone number, so an identifier
//! never means two people.

use caseless::Caseless;
use sea_orm::{DbErr, SqlErr};
use unicode_normalization::UnicodeNormalization;
use validator::{ValidateEmail, ValidationError};

use crate::models::{Error, params::refuse};

const MAX_USERNAME: usize = 64;
const MAX_NAME: usize = 150;
/// RFC 5321, section 4.5.3.1.3, less the angle brackets (RFC erratum 1690).
const MAX_EMAIL_BYTES: usize = 254;
/// RFC 5646, section 4.4.1, recommends room for so many characters.
const MAX_LOCALE: usize = 35;
/// ITU-T E.164: at most 15 digits.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 2..=15;

/// What somebody types at login, in the form that is looked up.
#[derive(Debug, PartialEq, Eq)]
pub enum Identifier {
    Username(String),
    Email(String),
    Phone(String),
}

impl Identifier {
    /// Never fails: what can't belong to anybody is a username that nobody has.
    pub fn parse(input: &str) -> Self {
        let canonical = canonical(input);
        if canonical.contains('@') {
            Self::Email(canonical)
        } else if canonical.starts_with('+') {
            Self::Phone(canonical)
        } else {
            Self::Username(canonical)
        }
    }
}

/// NFKC and case-folded: "Ａda", "ADA" and "ada" are one name. A NUL, which PostgreSQL can't be asked
/// about, becomes a character that no identifier has.
pub fn canonical(identifier: &str) -> String {
    let folded = identifier.nfkc().default_case_fold().nfkc();
    folded
        .map(|c| {
            if c == '\0' {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

/// Letters and digits of any script, `.`, `_` and `-`, with at least one letter.
pub fn username(username: &str) -> Result<(), ValidationError> {
    let canonical = canonical(username);
    let length = canonical.chars().count();
    if !(1..=MAX_USERNAME).contains(&length) || username.chars().count() > MAX_USERNAME {
        return refuse("invalid_length", "A username has 1 to 64 characters.");
    }
    if !username
        .chars()
        .chain(canonical.chars())
        .all(|c| c.is_alphanumeric() || "._-".contains(c) || is_mark(c))
    {
        return refuse(
            "invalid_username",
            "A username consists of letters, digits, dots, underscores and hyphens.",
        );
    }
    // Without a letter it could be taken for a phone number.
    if !canonical.chars().any(char::is_alphabetic) {
        return refuse("invalid_username", "A username has at least one letter.");
    }
    Ok(())
}

/// An address that the mailer can send to, on any server: ASCII, an internationalised domain in its
/// `xn--` form.
pub fn email(email: &str) -> Result<(), ValidationError> {
    if email.len() > MAX_EMAIL_BYTES {
        return refuse("invalid_length", "An email address has at most 254 bytes.");
    }
    let sendable = email.is_ascii()
        && email.validate_email()
        && email.parse::<lettre::message::Mailbox>().is_ok();
    if !sendable {
        return refuse(
            "invalid_email",
            "This is not an email address that mail can be sent to.",
        );
    }
    Ok(())
}

/// E.164: `+` and 2 to 15 digits.
pub fn phone_number(number: &str) -> Result<(), ValidationError> {
    let digits = number.strip_prefix('+').unwrap_or_default();
    if !PHONE_DIGITS.contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return refuse(
            "invalid_phone_number",
            "A phone number is written as + and 2 to 15 digits, for example +1234567890.",
        );
    }
    Ok(())
}

/// A person's name: anything that is text and can't change how its surroundings are read.
pub fn name(name: &str) -> Result<(), ValidationError> {
    if name.chars().count() > MAX_NAME {
        return refuse("invalid_length", "A name has at most 150 characters.");
    }
    if name.chars().any(|c| c.is_control() || is_bidi_control(c)) {
        return refuse("invalid_characters", "A name has no control characters.");
    }
    Ok(())
}

/// A language as RFC 5646 writes it: `de`, `pt-BR`.
pub fn locale(locale: &str) -> Result<(), ValidationError> {
    let mut subtags = locale.split('-');
    let language = subtags.next().unwrap_or_default();
    let is_language =
        (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
    let are_subtags = subtags.all(|subtag| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if locale.len() > MAX_LOCALE || !is_language || !are_subtags {
        return refuse(
            "invalid_locale",
            "A locale is a language tag, for example en, de or pt-BR.",
        );
    }
    Ok(())
}

/// The same refusal from both databases: the unique index speaks, its column is the field.
pub fn conflict(err: &DbErr) -> Option<Error> {
    let Some(SqlErr::UniqueConstraintViolation(message)) = err.sql_err() else {
        return None;
    };
    let fields = [
        ("username_canonical", "username"),
        ("email_canonical", "email"),
        ("phone_number", "phone_number"),
    ];
    let (_, field) = fields
        .into_iter()
        .find(|(column, _)| message.contains(column))?;
    Some(Error::Taken { field })
}

/// Combining marks, which many scripts need to write a word.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Unicode TR 9: characters that reorder the text around them.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

//! Which passwords may be chosen (NIST SP 800-63B-4, section 3.1.1.2): long enough and not guessable;
//! no rules of composition.

use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Score, zxcvbn};

use crate::{models::params::Fault, settings::Password as Settings};

/// Longest password, in code points; the standard asks for at least 64.
const MAX_LENGTH: usize = 256;
/// As much of a password as is judged; the time that takes grows faster than the length.
const JUDGED: usize = 64;
/// Shorter ones are part of anything.
const MIN_WORD: usize = 3;
const PRODUCT: &str = "rollcall";

/// What is wrong with a password that is chosen, if one is.
pub fn faults(password: Option<&str>, about: &[Option<&str>], settings: &Settings) -> Vec<Fault> {
    let fault = password.and_then(|password| fault(password, about, settings));
    fault.into_iter().collect()
}

/// Why this password is not good enough, if it is not. `about` is what guessers know of its owner.
pub fn fault(password: &str, about: &[Option<&str>], settings: &Settings) -> Option<Fault> {
    let password: String = password.nfc().collect();
    let length = password.chars().count();
    let (code, detail) = if length < settings.min_length {
        (
            "invalid_length",
            format!(
                "A password has at least {} characters.",
                settings.min_length
            ),
        )
    } else if length > MAX_LENGTH {
        (
            "invalid_length",
            format!("A password has at most {MAX_LENGTH} characters."),
        )
    } else if settings.refuse_guessable {
        ("guessable", guessable(&password, about)?)
    } else {
        return None;
    };
    Some(Fault::new("password", code, detail))
}

/// How it could be guessed, and what to do better.
fn guessable(password: &str, about: &[Option<&str>]) -> Option<String> {
    let known: Vec<&str> = about
        .iter()
        .flatten()
        .flat_map(|text| words(text))
        .chain([PRODUCT])
        .collect();
    let folded = password.to_lowercase();
    let rest = known
        .iter()
        .filter(|word| word.chars().count() >= MIN_WORD)
        .fold(folded.clone(), |rest, word| {
            rest.replace(&word.to_lowercase(), "")
        });
    let owner = rest.len() * 2 < folded.len();
    let judged: String = password.chars().take(JUDGED).collect();
    let verdict = zxcvbn(&judged, &known);
    if owner {
        return Some(
            "A password is not made of your name, your email or this service's name.".into(),
        );
    }
    if verdict.score() >= Score::Three {
        return None;
    }
    let mut advice = vec!["This password can be guessed.".to_string()];
    if let Some(feedback) = verdict.feedback() {
        advice.extend(feedback.warning().map(|warning| warning.to_string()));
        advice.extend(feedback.suggestions().iter().map(ToString::to_string));
    }
    Some(advice.join(" "))
}

/// A text and its parts: `ada@example.com` is also `ada` and `example`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| part.chars().count() >= MIN_WORD);
    std::iter::once(text).chain(parts)
}

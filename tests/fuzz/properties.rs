//! What holds of any input, whoever made it. The fuzz targets look for a counterexample for hours, and
//! `cargo test` tries what they found worth keeping (`tests/models/fuzz_corpus.rs`).

use rollcall::models::{
    cursor::Cursors,
    users::{
        identifiers::{self, Identifier},
        imported_hash::ImportedHash,
    },
};

type Target = (&'static str, fn(&str));

/// The names of the targets, which are those of the folders in `corpus/`, and what each holds of.
pub const ALL: [Target; 5] = [
    ("cursors", cursors),
    ("emails", emails),
    ("identifiers", identifiers),
    ("imported_hashes", imported_hashes),
    ("phone_numbers", phone_numbers),
];

/// A canonical form is its own, and a username is never taken for another identifier.
pub fn identifiers(input: &str) {
    let canonical = identifiers::canonical(input);
    assert_eq!(identifiers::canonical(&canonical), canonical);
    assert!(!canonical.contains('\0'));
    let parsed = Identifier::parse(input);
    assert_eq!(Identifier::parse(&canonical), parsed);
    if identifiers::username(input).is_ok() {
        assert_eq!(parsed, Identifier::Username(canonical.clone()));
        assert!(!canonical.is_empty() && canonical.chars().count() <= 64);
        assert!(!input.chars().any(char::is_control) && !input.contains(char::is_whitespace));
    }
}

/// What is accepted can be sent to, and says nothing but an address.
pub fn emails(input: &str) {
    if identifiers::email(input).is_err() {
        return;
    }
    assert!(input.len() <= 254);
    assert!(!input.chars().any(char::is_control) && !input.contains(char::is_whitespace));
    assert!(input.parse::<lettre::Address>().is_ok(), "can't be sent to");
    let canonical = identifiers::canonical(input);
    assert_eq!(Identifier::parse(input), Identifier::Email(canonical));
}

/// A plus and digits, in one way.
pub fn phone_numbers(input: &str) {
    if identifiers::phone_number(input).is_err() {
        return;
    }
    let digits = input.strip_prefix('+').expect("a plus");
    assert!((2..=15).contains(&digits.len()));
    assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(identifiers::canonical(input), input);
}

/// Nobody makes a cursor, or changes one.
pub fn cursors(input: &str) {
    let cursors = Cursors::new(b"a secret that nobody knows, thirty-two bytes long");
    assert!(cursors.read::<String>("list", input).is_err());
    let good = cursors.make("list", &input).expect("a cursor");
    if good.len() > 2048 {
        return;
    }
    assert_eq!(
        cursors.read::<String>("list", &good).expect("our own"),
        input
    );
    assert!(cursors.read::<String>("another", &good).is_err());
    for at in [0, good.len() / 2, good.len() - 1] {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII");
        assert!(
            cursors.read::<String>("list", &changed).is_err(),
            "{changed}"
        );
    }
}

/// What is read is stored in a form that is read as the same.
pub fn imported_hashes(input: &str) {
    let Ok(hash) = ImportedHash::parse(input) else {
        return;
    };
    let stored = hash.stored();
    let again = ImportedHash::parse(&stored).expect("what we stored");
    assert!(again == hash, "{stored}");
    assert_eq!(again.stored(), stored);
}

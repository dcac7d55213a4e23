//! What isn't accepted, and what is said about it.

use super::{ImportedHash, firebase};

#[track_caller]
pub fn check(text: &str, code: &str) {
    let refusal = ImportedHash::parse(text).expect_err(text);
    assert_eq!(refusal.code(), code, "{text}: {refusal}");
    let sentence = refusal.to_string();
    assert!(sentence.ends_with('.'), "{sentence}");
    assert!(text.is_empty() || !sentence.contains(text), "{sentence}");
}

const SALT: &str = "MDEyMzQ1Njc4OWFiY2RlZg";
const DIGEST: &str = "LlBSbWGV/taBQ1UzYgnaoySOrIy2iWkBi8GKFIutUKM";

#[test]
fn what_is_no_known_hash_is_refused() {
    for text in [
        "",
        "!",
        "$",
        "$$$$$$",
        "a password in clear",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$2$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq",
        "$argon2$v=19$m=1024,t=2,p=2$aaaa$aaaa",
        "pbkdf2_sha512$1000$salt$AAAA",
        " $2b$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq",
        "[]",
        "\0",
        "ü$ß$é",
    ] {
        check(text, "hash_unknown");
    }
}

#[test]
fn what_protects_nobody_is_refused() {
    for text in [
        "$2x$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq",
        "bcrypt$$2x$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq",
        "$argon2d$v=19$m=1024,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$LlBSbWGV/taBQ1UzYgnaoySOrIy2iWkBi8GKFIutUKM",
        "$1$abcdefgh$0123456789012345678901",
        "$6$abcdefgh$0123456789012345678901",
        "md5$salt$0123456789abcdef0123456789abcdef",
        "sha1$salt$0123456789abcdef0123456789abcdef01234567",
        "$pbkdf2-md5$1000$MDEyMzQ1Njc4OWFiY2RlZg$LlBSbWGV/taBQ1UzYgnaow",
        "pbkdf2:md5:1000$salt$0123456789abcdef0123456789abcdef",
    ] {
        check(text, "hash_unsupported");
    }
}

#[test]
fn a_malformed_hash_is_refused() {
    let short = "AAAA";
    let long = "A".repeat(172);
    for text in [
        "$argon2id".to_owned(),
        "$argon2id$".to_owned(),
        "argon2$argon2id$v=19".to_owned(),
        format!("$argon2id$v=18$m=1024,t=2,p=2${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=2${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=2,p=2,p=2${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=2,p=2,keyid=aa${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=2,p=2${SALT}${DIGEST}$"),
        format!("$argon2id$v=19$m=1024,t=2,p=2${SALT}"),
        format!("$argon2id$v=19$m=+1024,t=2,p=2${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=,t=2,p=2${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=0,p=2${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=2,p=0${SALT}${DIGEST}"),
        // RFC 9106: at least 8 KiB for each lane.
        format!("$argon2id$v=19$m=8,t=2,p=2${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=2,p=2${short}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=2,p=2${long}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=2,p=2${SALT}${short}"),
        format!("$argon2id$v=19$m=1024,t=2,p=2${SALT}${long}"),
        format!("$argon2id$v=19$m=1024,t=2,p=2${SALT}$not*base64"),
        format!("$argon2id$v=19$m=1024,t=2,p=2$ümlaut${DIGEST}"),
        "$2b$05".to_owned(),
        "$2b$05$".to_owned(),
        "$2b$5$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq".to_owned(),
        "$2b$03$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq".to_owned(),
        "$2b$xx$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq".to_owned(),
        "$2b$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZ".to_owned(),
        "$2b$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZqq".to_owned(),
        "$2b$05$I55xTYZcuyzMTCPJOqW1rüU4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq".to_owned(),
        "bcrypt_sha256$$2b$05".to_owned(),
        "$scrypt$".to_owned(),
        format!("$scrypt$ln=0,r=8,p=1${SALT}${DIGEST}"),
        format!("$scrypt$ln=10,r=0,p=1${SALT}${DIGEST}"),
        format!("$scrypt$ln=10,r=8,p=1$${DIGEST}"),
        format!("scrypt$16383$salt$8$1${DIGEST}"),
        format!("scrypt$0$salt$8$1${DIGEST}"),
        format!("scrypt$salt$16384$8$1${DIGEST}"),
        "scrypt:32768:8$salt$0123456789abcdef0123456789abcdef".to_owned(),
        "scrypt:32768:8:1$salt$0123456789abcdef0123456789abcde".to_owned(),
        "scrypt:32768:8:1$salt$0123456789abcdef0123456789abcdeg".to_owned(),
        format!("$pbkdf2-sha256$i=0,l=32${SALT}${DIGEST}"),
        format!("$pbkdf2-sha256$i=1000,l=64${SALT}${DIGEST}"),
        format!("$pbkdf2-sha256$l=32${SALT}${DIGEST}"),
        format!("pbkdf2_sha256$1000$${DIGEST}"),
        format!("pbkdf2_sha256$-1$salt${DIGEST}"),
        format!("pbkdf2_sha256$salt${DIGEST}"),
        format!("pbkdf2_sha256$1000$salt${DIGEST}$"),
        "pbkdf2:sha256$salt$0123456789abcdef0123456789abcdef".to_owned(),
        format!("$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk={DIGEST}${SALT}${DIGEST}"),
        format!("$fbscrypt$v=1,n=14,r=8,p=2,ss=Bw==,sk={DIGEST}${SALT}${DIGEST}"),
        format!("$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==${SALT}${DIGEST}"),
        format!("$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk={SALT}${SALT}${DIGEST}"),
    ] {
        check(&text, "hash_malformed");
    }
}

#[test]
fn a_hash_that_costs_too_much_is_refused() {
    let digest = format!("{}A", "A".repeat(85));
    for text in [
        format!("$argon2id$v=19$m=262145,t=1,p=1${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=262144,t=17,p=1${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=65,p=1${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=1024,t=1,p=17${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=99999999999999999999999,t=1,p=1${SALT}${DIGEST}"),
        "$2b$16$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq".to_owned(),
        "$2y$99$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq".to_owned(),
        format!("$scrypt$ln=19,r=8,p=1${SALT}${DIGEST}"),
        format!("$scrypt$ln=63,r=8,p=1${SALT}${DIGEST}"),
        format!("$scrypt$ln=64,r=8,p=1${SALT}${DIGEST}"),
        format!("$scrypt$ln=999999999999999999999,r=8,p=1${SALT}${DIGEST}"),
        format!("$scrypt$ln=18,r=8,p=5${SALT}${DIGEST}"),
        format!("$scrypt$ln=1,r=65,p=1${SALT}${DIGEST}"),
        format!("$scrypt$ln=1,r=8,p=17${SALT}${DIGEST}"),
        format!("scrypt$524288$salt$8$1${DIGEST}"),
        format!("scrypt$99999999999999999999999$salt$8$1${DIGEST}"),
        format!("$pbkdf2-sha256$i=5000001,l=32${SALT}${DIGEST}"),
        format!("pbkdf2_sha256$99999999999999999999999$salt${DIGEST}"),
        format!("$pbkdf2-sha1$i=2500001,l=64${SALT}${digest}"),
        format!("$fbscrypt$v=1,n=19,r=8,p=1,ss=Bw==,sk={DIGEST}${SALT}${DIGEST}"),
    ] {
        check(&text, "hash_too_costly");
    }
    check(&"$".repeat(2049), "hash_too_long");
}

#[test]
fn a_hash_at_the_limit_is_accepted() {
    let digest = format!("{}A", "A".repeat(85));
    for text in [
        format!("$argon2id$v=19$m=262144,t=16,p=16${SALT}${DIGEST}"),
        format!("$argon2id$v=19$m=65536,t=64,p=16${SALT}${DIGEST}"),
        "$2b$15$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq".to_owned(),
        format!("$scrypt$ln=18,r=8,p=4${SALT}${DIGEST}"),
        format!("$pbkdf2-sha1$i=2500000,l=64${SALT}${digest}"),
        format!("$pbkdf2-sha512$i=5000000,l=64${SALT}${digest}"),
    ] {
        super::round_trip(&text);
    }
}

#[test]
fn a_refusal_says_what_is_wrong_in_a_sentence() {
    for (text, sentence) in [
        (
            format!("$argon2id$v=19$m=2097152,t=1,p=1${SALT}${DIGEST}"),
            "Verifying the hash needs 2 GiB of memory; at most 256 MiB are accepted.",
        ),
        (
            "$2y$20$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq".to_owned(),
            "Verifying the hash needs 20 as cost; at most 15 are accepted.",
        ),
        (
            format!("$pbkdf2-sha256$i=6000000${SALT}${DIGEST}"),
            "Verifying the hash needs 6000000 iterations; at most 5000000 are accepted.",
        ),
        (
            format!("$scrypt$ln=10,r=8,p=1$s*lt${DIGEST}"),
            "The hash is malformed: the salt.",
        ),
        (
            "A".repeat(3000),
            "The hash has 3000 bytes; at most 2048 are accepted.",
        ),
        (
            "hello".to_owned(),
            "This is no form of a password hash that is known here.",
        ),
    ] {
        assert_eq!(
            ImportedHash::parse(&text).unwrap_err().to_string(),
            sentence
        );
    }
}

#[test]
fn a_firebase_export_that_cannot_be_read_is_refused() {
    let (parameters, salt, digest) = firebase();
    let with = |change: fn(&mut super::FirebaseParameters)| {
        let mut changed = parameters.clone();
        change(&mut changed);
        ImportedHash::firebase(&changed, salt, digest)
            .unwrap_err()
            .code()
    };

    assert_eq!(with(|had| had.mem_cost = 19), "hash_too_costly");
    assert_eq!(with(|had| had.mem_cost = u32::MAX), "hash_too_costly");
    assert_eq!(with(|had| had.rounds = 0), "hash_malformed");
    assert_eq!(with(|had| had.signer_key.clear()), "hash_malformed");
    assert_eq!(with(|had| had.signer_key.push('*')), "hash_malformed");
    assert_eq!(
        with(|had| had.salt_separator = "A".repeat(3000)),
        "hash_too_long"
    );
    assert!(ImportedHash::firebase(&parameters, "", digest).is_err());
    assert!(ImportedHash::firebase(&parameters, salt, "").is_err());
}

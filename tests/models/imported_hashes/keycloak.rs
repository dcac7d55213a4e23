//! Credentials as they stand in exported realms and databases of demonstrations that are public, made by
//! Keycloak itself.

use super::round_trip;

/// A credential of a realm's export: both parts are JSON as text.
fn credential(secret: &str, data: &str) -> String {
    serde_json::json!({
        "id": "8d8a0e0a-5b0e-4b0e-9a55-5e3f3a6d1c11",
        "type": "password",
        "userLabel": "My password",
        "createdDate": 1_693_888_572_700_u64,
        "secretData": secret,
        "credentialData": data,
    })
    .to_string()
}

const ARGON2: &str = r#"{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}"#;
const ARGON2_SECRET: &str = r#"{"value":"xKjWvB9+0sSP6wTqI1JoEI7w+iA0x9VDhPgmrOHRG80=","salt":"LRScGShC7shkdoU5B1UgUQ==","additionalParameters":{}}"#;

#[test]
fn a_keycloak_argon2_credential_is_verified() {
    let hash = round_trip(&credential(ARGON2_SECRET, ARGON2));

    assert!(hash.verify("secret"));
    assert!(!hash.verify("Secret"));
    assert_eq!(
        hash.stored(),
        "$argon2id$v=19$m=7168,t=5,p=1$LRScGShC7shkdoU5B1UgUQ$xKjWvB9+0sSP6wTqI1JoEI7w+iA0x9VDhPgmrOHRG80"
    );
}

#[test]
fn a_keycloak_pbkdf2_credential_is_verified() {
    // Keycloak 24 and its successors before Argon2: SHA-512.
    let sha512 = round_trip(&credential(
        r#"{"value":"5IL4kCCyOerhaEHfdK1BbjYxO6HitYLRtJOxwD8MUZH5wCgc1edmf35rWiP9sRxEwnQDstxch8twKh08Usi1fQ==","salt":"JaBKqx57IIB/dLDTpWBu+Q==","additionalParameters":{}}"#,
        r#"{"hashIterations":210000,"algorithm":"pbkdf2-sha512","additionalParameters":{}}"#,
    ));
    // From Keycloak 8 to 23: SHA-256.
    let sha256 = round_trip(&credential(
        r#"{"value":"RITBVPdh5pvXOa4JzJ5pZTE0rG96zhnQNmSsKCf83aU=","salt":"drB9e5Smf3cbfUfF3FUerw==","additionalParameters":{}}"#,
        r#"{"hashIterations":27500,"algorithm":"pbkdf2-sha256","additionalParameters":{}}"#,
    ));

    for hash in [sha512, sha256] {
        assert!(hash.verify("password"), "{hash:?}");
        assert!(!hash.verify("passwore"), "{hash:?}");
    }
}

#[test]
fn an_old_keycloak_credential_is_verified() {
    let sha1 = round_trip(
        r#"{
            "type" : "password",
            "hashedSaltedValue" : "b55DNTA2fTf2o4Vhp+oyTI9EugUpwVqpexCAZ7b6++J40QzVWa1j/6P1iJ2F8y9nBx0eXy53u0VX9pZYhgdaAg==",
            "salt" : "VsYJarM+eZEMeGPx9L9tXg==",
            "hashIterations" : 20000,
            "counter" : 0,
            "algorithm" : "pbkdf2",
            "digits" : 0,
            "period" : 0,
            "createdDate" : 1500389338808,
            "config" : { }
        }"#,
    );
    let sha256 = round_trip(
        r#"{"type":"password","hashedSaltedValue":"4pf9K2jWSCcHC+CwsZP/qidN5pSmDUe6AX6wBerSGdBVKkExay8MWKx+EKmaaObZW6FVsD8vdW/ZsyUFD9gJ1Q==","salt":"1/qNkZ5kr77jOMOBPBogGw==","hashIterations":27500,"algorithm":"pbkdf2-sha256"}"#,
    );

    assert!(sha1.verify("demo"));
    assert!(!sha1.verify("Demo"));
    assert!(sha256.verify("admin"));
    assert!(!sha256.verify("demo"));
}

#[test]
fn a_keycloak_credential_may_hold_objects() {
    let text = format!(r#"  {{"secretData":{ARGON2_SECRET},"credentialData":{ARGON2}}}"#);

    assert!(round_trip(&text) == round_trip(&credential(ARGON2_SECRET, ARGON2)));
}

#[test]
fn a_keycloak_credential_that_cannot_be_read_is_refused() {
    let argon2 = |from: &str, to: &str| credential(ARGON2_SECRET, &ARGON2.replace(from, to));
    let secret = |from: &str, to: &str| credential(&ARGON2_SECRET.replace(from, to), ARGON2);
    for (text, code) in [
        ("{".to_owned(), "hash_malformed"),
        ("{}".to_owned(), "hash_malformed"),
        (format!("{{{}", "[".repeat(4000)), "hash_malformed"),
        (format!("{{{}}}", " ".repeat(5000)), "hash_too_long"),
        (
            r#"{"type":"otp","secretData":"{}","credentialData":"{}"}"#.to_owned(),
            "hash_unsupported",
        ),
        (
            r#"{"type":"password","value":"in clear"}"#.to_owned(),
            "hash_malformed",
        ),
        (credential("[]", ARGON2), "hash_malformed"),
        (credential(ARGON2_SECRET, "no JSON"), "hash_malformed"),
        (secret("LRSc", "L*Sc"), "hash_malformed"),
        (secret("salt", "Salt"), "hash_malformed"),
        (secret("value", "Value"), "hash_malformed"),
        (argon2("argon2", "bcrypt"), "hash_unsupported"),
        (argon2("algorithm", "algo"), "hash_unsupported"),
        (argon2(r#"["id"]"#, r#"["d"]"#), "hash_malformed"),
        (argon2(r#"["1.3"]"#, "[]"), "hash_malformed"),
        (argon2(r#"["32"]"#, r#"["64"]"#), "hash_malformed"),
        (argon2("7168", "7"), "hash_malformed"),
        (argon2("7168", "-7168"), "hash_malformed"),
        (argon2("7168", "2097152"), "hash_too_costly"),
        (argon2(":5,", ":-5,"), "hash_malformed"),
        (argon2(":5,", ":0,"), "hash_malformed"),
        (argon2(":5,", ":1e9,"), "hash_malformed"),
        (argon2(":5,", ":1000,"), "hash_too_costly"),
    ] {
        super::refusals::check(&text, code);
    }
}

//! Passwords that the systems treat in ways of their own: long, empty, with accents, with a NUL.

use super::round_trip;

#[test]
fn bcrypt_counts_the_first_72_bytes_only() {
    // Python's bcrypt 5.0 made it of 72 bytes, and cuts no longer one by itself.
    let python = round_trip("$2b$04$DZmPJw7TU1WYxPjiz6qy9..H7QvvOtF4nJ/4NB9vzLYEeS5w5wP3i");
    // PHP 8.2 made it of 80 bytes, and cuts.
    let php = round_trip("$2y$04$3cY2ayO7kOA/MwOQ/ow1uOoW/pNmbeAQJSOfz6bQXbbLntg8Cwobu");

    for (hash, letter) in [(python, "a"), (php, "b")] {
        assert!(hash.verify(&letter.repeat(72)));
        assert!(hash.verify(&letter.repeat(80)));
        assert!(hash.verify(&format!("{}other", letter.repeat(72))));
        assert!(!hash.verify(&letter.repeat(71)));
    }
}

#[test]
fn djangos_bcrypt_sha256_counts_every_byte() {
    let hash =
        round_trip("bcrypt_sha256$$2b$04$VzbQ8baxAqhefWfOTxsGVOkSF00PrfJdpO5/6X2F9zlQ1A.wtcOXu");

    assert!(hash.verify(&"a".repeat(100)));
    assert!(!hash.verify(&"a".repeat(99)));
    assert!(!hash.verify(&"a".repeat(72)));
}

#[test]
fn a_password_ends_at_a_nul_where_it_did_for_php() {
    let php = round_trip("$2y$04$Zh/.oe8vuvOGGwTiDif8neXd4LVj/lpg3bEvOnzVdqiXKSM2Mujrq");
    // Python's bcrypt 5.0 made it of all three bytes.
    let python = round_trip("$2b$04$h.sGv9dQASJerpfAka/vCOmpSsZAwPU.S8g66bxU1dXKTlnJ50cfO");

    assert!(php.verify("a"));
    assert!(php.verify("a\0b"));
    assert!(python.verify("a\0b"));
    assert!(!python.verify("a"));
    assert!(!python.verify("a\0c"));
}

#[test]
fn an_empty_password_is_a_password_like_any_other() {
    for text in [
        // Python's bcrypt 5.0, PHP 8.2, Django 5.2
        "$2b$04$96Qr6xkFF3o50CJpT4jcrOo6mJ6YHYN0mf0CyZzzWutttAOyTpCj2",
        "$2y$04$OHGc0ZCmGGLO80YAu8JnseTN8/P588VDRxZ8wKYWg7lIXZla78XMO",
        "pbkdf2_sha256$1000$kKHWlXsaDfCfge5LKfwWmR$32ZNBTXMfSk/89JghJklb7LjotPFAD6SIcR72J/ihiA=",
    ] {
        let hash = round_trip(text);
        assert!(hash.verify(""), "{text}");
        assert!(!hash.verify(" "), "{text}");
    }
}

#[test]
fn an_accent_counts_as_typed_or_composed() {
    // Django 5.2 made the first two, PHP 8.2 the third.
    let composed = round_trip(
        "pbkdf2_sha256$1000$4TDy5p9RVZHH73WXqOKXh9$Pd5YuFyouIBZoZP9tdkK65KeAcu4ol/berdrFbAwyFk=",
    );
    let decomposed = round_trip(
        "pbkdf2_sha256$1000$ml92ErDXAswQCqmaVGJSVZ$RKyzRId0sKwUQDZETCaP7ECBNwJtlWvlWVUCLGlKFqM=",
    );
    let php = round_trip("$2y$04$2tcd2l9512naiQ8hBfWd3uOpx26FADszU8WqU9zEZ20sNZGLXOuj.");

    for hash in [composed, php] {
        assert!(hash.verify("caf\u{e9}"));
        assert!(hash.verify("cafe\u{301}"));
        assert!(!hash.verify("cafe"));
    }
    assert!(decomposed.verify("cafe\u{301}"));
    assert!(!decomposed.verify("caf\u{e9}"));
}

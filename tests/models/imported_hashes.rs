//! `models::users::imported_hash`: the hashes of other systems are verified as those systems do it.
//!
//! Each hash below was made by the library that is named beside it, unless another source is given.

mod keycloak;
mod mutations;
mod passwords;
mod refusals;

use rollcall::models::users::imported_hash::{FirebaseParameters, ImportedHash, is_none};

const PASSWORD: &str = "correct horse";

/// Read it, store it, read what is stored.
#[track_caller]
fn round_trip(text: &str) -> ImportedHash {
    let hash = ImportedHash::parse(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
    again(&hash);
    hash
}

#[track_caller]
fn again(hash: &ImportedHash) {
    let stored = hash.stored();
    let again = ImportedHash::parse(&stored).unwrap();
    assert!(again == *hash, "{stored}");
    assert_eq!(again.stored(), stored);
}

#[track_caller]
fn check(hashes: &[&str]) {
    for text in hashes {
        let hash = round_trip(text);
        assert!(hash.verify(PASSWORD), "{text}");
        assert!(!hash.verify("correct horsf"), "{text}");
        assert!(!hash.verify(""), "{text}");
    }
}

#[test]
fn an_argon2_hash_is_verified() {
    check(&[
        // argon2-cffi 25.1
        "$argon2i$v=19$m=1024,t=2,p=2$61GfQzAoTZQSFJDK403dxw$jTNK1JVkAePaLn01pV4FJzoVKIDi9o2kAGBRPJ/3vKA",
        "$argon2id$v=19$m=1024,t=2,p=2$p7EXAxbCh9iXsK8j9j0oGQ$LlBSbWGV/taBQ1UzYgnaoySOrIy2iWkBi8GKFIutUKM",
        "$argon2i$v=16$m=1024,t=2,p=2$Ow1hTCJ/tRkpKKwXNhN2IA$kiWTUGf8LYbr8OxgjxrKSTlf5TMaOqZUTrp9ApCgmdQ",
        "$argon2id$v=16$m=1024,t=2,p=2$m6IKEPR71kZSspnpRJ6wbQ$CUooATUDB17/b/th0g4fRt8uRflFUqZViSI0KZZdQYc",
        "$argon2id$v=19$m=64,t=1,p=1$w0CidVmAPOm+5DA93muYHg$IMMfUlg00NOD4hbAlbLdy0zxLmJ7/qbWcwzkAHFkJdxmjDylnvBlDxIcVXhlx3yN754Zx9IeW6JLBCvG0PcWrQ",
        // PHP 8.2, `password_hash`
        "$argon2id$v=19$m=1024,t=2,p=1$c2d4aVlOa1AyZ3g0bzQvdA$NQ500aMZ/JtJ8QOVikazSamdzPo39bwu0cLiFPta3wg",
        "$argon2i$v=19$m=65536,t=4,p=1$RUlPSUljdmNJQ2VxLzFQOA$LiUAAUv1iSji1iVJUy3iQqvkp64foxE+jB0u/j8U6Lo",
        // Django 5.2
        "argon2$argon2id$v=19$m=102400,t=2,p=8$ZkFpenRUd2hBYWJRcDNieUN3YzBDUw$yFrXlCI0WwIM9zKIwAvxivES5K70L3tM7L3Qpbo3l5w",
    ]);
}

#[test]
fn an_argon2_hash_without_a_version_is_of_the_first_one() {
    let with = "$argon2i$v=16$m=1024,t=2,p=2$Ow1hTCJ/tRkpKKwXNhN2IA$kiWTUGf8LYbr8OxgjxrKSTlf5TMaOqZUTrp9ApCgmdQ";

    let hash = round_trip(&with.replace("v=16$", ""));

    assert!(hash.verify(PASSWORD));
    assert_eq!(hash.stored(), with);
}

#[test]
fn a_hash_of_our_own_stays_as_it_is() {
    let own = "$argon2id$v=19$m=1024,t=2,p=2$p7EXAxbCh9iXsK8j9j0oGQ$LlBSbWGV/taBQ1UzYgnaoySOrIy2iWkBi8GKFIutUKM";

    assert_eq!(round_trip(own).stored(), own);
}

#[test]
fn a_bcrypt_hash_is_verified() {
    check(&[
        // Python's bcrypt 5.0
        "$2b$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq",
        "$2a$05$aeCgDD0UH2NkfRybHG1Wi.j07r.2yGLjEQcuxDZM85HdqbJPFxj4.",
        // PHP 8.2, `password_hash`
        "$2y$05$KxbsLPIZ9UJDTMuRu0z3zOdevQ5gn3f0qNITl82tVhL8tdcfyArHC",
        // Django 5.2
        "bcrypt$$2b$05$XGyuoixxQFiNt/EU7Z6C1Og/VWQa6N5tm2GJw73npOXdhVFh4qecC",
        "bcrypt_sha256$$2b$05$u4k5o5NpAwA.eMg8pV5BeuoHIAFvnGFNq773VKcotd6tY1cDUFfTy",
    ]);
    // The example of PHP's manual for `crypt`.
    let hash = round_trip("$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi");
    assert!(hash.verify("rasmuslerdorf"));
}

#[test]
fn unused_bits_of_a_bcrypt_salt_are_ignored() {
    // PHP's `crypt` with a salt that ends in "z" answers with the "u" that counts.
    let hash = round_trip("$2y$04$abcdefghijklmnopqrstuzjydOTSfIH/d5oUHpsygqV5X9xJLQc6e");

    assert!(hash.verify(PASSWORD));
    assert_eq!(
        hash.stored(),
        "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
    );
}

#[test]
fn a_scrypt_hash_is_verified() {
    check(&[
        // passlib 1.7
        "$scrypt$ln=10,r=8,p=1$l/I+JyQkJMSY897735vzXg$JUQzFM0Y9GAVha+bONbgiqJfhzkcLFgsHM5o2WAjRmw",
        // Django 5.2
        "scrypt$16384$FGHYzuN6pjcj47FjoPhoNW$8$5$vO/jt+5+lUwNIc4rh62gGErDrlW2xDlf/EhmCmjQlOPw0HG+IX5qmRfhBnzIL+Tcvv3/o1+5cFbj39oVycKQrQ==",
        // Werkzeug 3.1
        "scrypt:32768:8:1$DsBxKqa88eZtRKsv$6a0ea67a5866a8f115068056cf714c8b64d260bb78c7e2fa7df9c758e1f879d4253e8c33791197cbdbad472abfec84560c16d697ed8d1436cd5f832edd03e15a",
    ]);
    // RFC 7914, section 12: N = 1024, r = 8, p = 16 and the salt "NaCl".
    let hash = round_trip(
        "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
    );
    assert!(hash.verify("password"));
}

#[test]
fn a_pbkdf2_hash_is_verified() {
    check(&[
        // Django 5.2
        "pbkdf2_sha256$20000$pRc0IhDMyb5UeRe2WDJa03$sHpU1MbhAsKM8rw2HtE/elemnzIQnYvtS9CyZn33IMo=",
        "pbkdf2_sha1$20000$9999xyKbQdRaVcs9LFXzQD$3MQhwquKryem9QwUurKIVlhdiLo=",
        // passlib 1.7
        "$pbkdf2-sha256$1000$...../8wMTIz$3QuXfwEHP6n1/udHKwQDJaiwLuzy/yGBmTWP6skVOMA",
        "$pbkdf2-sha512$1000$K8V4jzHm/H/vnTOG0DpnzA$.ID6BhFYm44Ti/QM.3c742/uirm.m1YteOfIF9Qll8.iWSqXgs0ZJUucn5N3cfsXKALYwX0qFPxzZBhdMLnWvw",
        "$pbkdf2$1000$Qyil1Hov5XyvVYpxDsE4Jw$ZBVkF4S8jRkrCOEH4/98wwNUE8M",
        // Werkzeug 3.1
        "pbkdf2:sha256:20000$NEFplNnUuLpKElpQ$4eff8591071966208c4ad1292f6e6db615397835160afd21287e560f92dda5c4",
        "pbkdf2:sha512:2000$fAJ6lDq6auLVuAfb$62012bec1fc32427c6274f518e75e4b3b5ecb12740924fc20c2589e575cad12767fc9fac43c00b15f471440705ffab778ff9b17d4b4c39e261de2cd0969e6558",
    ]);
    // RFC 7914, section 11: one iteration and the salt "salt".
    let hash = round_trip(
        "$pbkdf2-sha256$i=1,l=64$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw",
    );
    assert!(hash.verify("passwd"));
    // RFC 6070: 4096 iterations and the salt "salt".
    let hash = round_trip("$pbkdf2-sha1$i=4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE");
    assert!(hash.verify("password"));
}

/// The README of firebase/scrypt.
fn firebase() -> (FirebaseParameters, &'static str, &'static str) {
    let parameters = FirebaseParameters {
        signer_key: "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
            .to_owned(),
        salt_separator: "Bw==".to_owned(),
        rounds: 8,
        mem_cost: 14,
    };
    (
        parameters,
        "42xEC+ixf3L2lw==",
        "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
    )
}

#[test]
fn a_firebase_hash_is_verified() {
    let (parameters, salt, digest) = firebase();
    let url_safe = |text: &str| text.replace('+', "-").replace('/', "_");
    let url_safe_parameters = FirebaseParameters {
        signer_key: url_safe(&parameters.signer_key),
        ..parameters.clone()
    };

    let hash = ImportedHash::firebase(&parameters, salt, digest).unwrap();
    let same =
        ImportedHash::firebase(&url_safe_parameters, &url_safe(salt), &url_safe(digest)).unwrap();
    let supabase = round_trip(&format!(
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk={}${salt}${digest}",
        parameters.signer_key
    ));

    again(&hash);
    assert!(hash.verify("user1password"));
    assert!(!hash.verify("user2password"));
    assert!(hash == same && hash == supabase);
}

#[test]
fn no_password_is_told_apart_from_a_hash() {
    for none in ["", "!", "!7pSVy8kSDzp0vLtOAV9WAQ0FYpUwPOCbn5Nwq3nT"] {
        assert!(is_none(none), "{none}");
        assert!(ImportedHash::parse(none).is_err(), "{none}");
    }
    assert!(!is_none("pbkdf2_sha256$1$!$AA"));
}

#[test]
fn what_is_printed_has_no_secret() {
    let (parameters, salt, digest) = firebase();
    let hash = ImportedHash::firebase(&parameters, salt, digest).unwrap();

    assert_eq!(
        format!("{hash:?} {parameters:?}"),
        "ImportedHash($fbscrypt$v=1,n=14,r=8,p=1…) FirebaseParameters { rounds: 8, mem_cost: 14, .. }"
    );
    let hash = round_trip("$2b$05$I55xTYZcuyzMTCPJOqW1r.U4ZCIJMBxlxTNWvPKfcTxRmrDUFRNZq");
    assert_eq!(format!("{hash:?}"), "ImportedHash($2b$05$…)");
}

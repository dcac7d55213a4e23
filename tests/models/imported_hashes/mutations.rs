//! Texts that are almost right: whatever is done to a good one, it is read or refused, never a panic.

use super::ImportedHash;

const GOOD: &[&str] = &[
    "$argon2id$v=19$m=1024,t=2,p=2$p7EXAxbCh9iXsK8j9j0oGQ$LlBSbWGV/taBQ1UzYgnaoySOrIy2iWkBi8GKFIutUKM",
    "argon2$argon2i$m=1024,t=2,p=2$Ow1hTCJ/tRkpKKwXNhN2IA$kiWTUGf8LYbr8OxgjxrKSTlf5TMaOqZUTrp9ApCgmdQ",
    "$2y$05$KxbsLPIZ9UJDTMuRu0z3zOdevQ5gn3f0qNITl82tVhL8tdcfyArHC",
    "bcrypt_sha256$$2b$05$u4k5o5NpAwA.eMg8pV5BeuoHIAFvnGFNq773VKcotd6tY1cDUFfTy",
    "$scrypt$ln=10,r=8,p=1$l/I+JyQkJMSY897735vzXg$JUQzFM0Y9GAVha+bONbgiqJfhzkcLFgsHM5o2WAjRmw",
    "scrypt$16384$FGHYzuN6pjcj47FjoPhoNW$8$5$JUQzFM0Y9GAVha+bONbgiqJfhzkcLFgsHM5o2WAjRmw=",
    "scrypt:32768:8:1$DsBxKqa88eZtRKsv$6a0ea67a5866a8f115068056cf714c8b64d260bb78c7e2fa7df9c758e1f879d4",
    "pbkdf2_sha256$20000$pRc0IhDMyb5UeRe2WDJa03$sHpU1MbhAsKM8rw2HtE/elemnzIQnYvtS9CyZn33IMo=",
    "$pbkdf2-sha256$1000$...../8wMTIz$3QuXfwEHP6n1/udHKwQDJaiwLuzy/yGBmTWP6skVOMA",
    "$pbkdf2-sha256$i=1000,l=32$p7EXAxbCh9iXsK8j9j0oGQ$3QuXfwEHP6n1/udHKwQDJaiwLuzy/yGBmTWP6skVOMA",
    "pbkdf2:sha256:20000$NEFplNnUuLpKElpQ$4eff8591071966208c4ad1292f6e6db615397835160afd21287e560f92dda5c4",
    "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=LlBSbWGV/taBQ1UzYgnaoySOrIy2iWkBi8GKFIutUKM=$42xEC+ixf3L2lw==$LlBSbWGV/taBQ1UzYgnaoySOrIy2iWkBi8GKFIutUKM=",
    r#"{"secretData":"{\"value\":\"xKjWvB9+0sSP6wTqI1JoEI7w+iA0x9VDhPgmrOHRG80=\",\"salt\":\"LRScGShC7shkdoU5B1UgUQ==\"}","credentialData":{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}}"#,
];

const PIECES: &[&str] = &[
    "$",
    "$$",
    "=",
    ",",
    ":",
    "0",
    "9",
    "99999999999",
    "-",
    ".",
    "/",
    "+",
    "A",
    "a",
    "\"",
    "{",
    "}",
    "[",
    "\\",
    "\0",
    "é",
    "\u{301}",
    "𝕏",
    " ",
    "v=16$",
    "m=0",
    "null",
];

/// Knuth's multiplier: the same sequence in each run.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

fn mutate(text: &str, sequence: &mut Sequence) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=sequence.below(3) {
        let from = sequence.below(characters.len() + 1);
        let to = (from + sequence.below(4)).min(characters.len());
        let piece = PIECES[sequence.below(PIECES.len())].chars();
        match sequence.below(3) {
            0 => drop(characters.splice(from..to, piece)),
            1 => drop(characters.splice(from..from, piece)),
            _ => drop(characters.drain(from..to)),
        }
    }
    characters.into_iter().collect()
}

#[test]
fn a_mutated_hash_is_read_or_refused() {
    let mut sequence = Sequence(20);
    let (mut read, mut refused) = (0, 0);

    for text in GOOD {
        for _ in 0..5_000 {
            let mutated = mutate(text, &mut sequence);
            match ImportedHash::parse(&mutated) {
                Ok(hash) => {
                    read += 1;
                    let again = ImportedHash::parse(&hash.stored());
                    assert!(again == Ok(hash), "{mutated}");
                }
                Err(refusal) => {
                    refused += 1;
                    assert!(
                        !refusal.to_string().contains('$') || refusal.to_string().contains("$2x$")
                    );
                }
            }
        }
    }

    assert!(read > 1_000 && refused > 10_000, "{read} {refused}");
}

#[test]
fn each_prefix_of_a_hash_is_read_or_refused() {
    for text in GOOD {
        for (end, _) in text.char_indices() {
            let prefix = &text[..end];
            if let Ok(hash) = ImportedHash::parse(prefix) {
                assert!(hash.stored().len() < 1024, "{prefix}");
            }
        }
    }
}

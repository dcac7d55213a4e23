//! What the fuzz targets of `tests/fuzz` start from, and what they once found, tried again; with each
//! input some thousand others near it.

#[path = "../fuzz/properties.rs"]
mod properties;

use std::{fs, path::Path};

/// Inputs made of each one that is kept.
const NEAR: usize = 300;

/// What makes the difference somewhere.
const ODD: [&str; 14] = [
    "\0",
    "$",
    "@",
    "+",
    ".",
    "=",
    "\r\n",
    " ",
    "\u{202e}",
    "\u{fb01}",
    "\u{130}",
    "9999999999",
    "\u{1f600}",
    "A",
];

/// The same numbers each time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut n = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((n ^ (n >> 31)) >> 32).expect("64 bits") % end
    }
}

/// Cut, doubled, with something odd in it.
fn near(numbers: &mut Numbers, seed: &str) -> String {
    let mut chars: Vec<char> = seed.chars().collect();
    for _ in 0..=numbers.below(3) {
        let place = numbers.below(chars.len() + 1);
        match numbers.below(4) {
            0 => chars.truncate(place),
            1 => drop(chars.splice(place..place, ODD[numbers.below(ODD.len())].chars())),
            2 if place < chars.len() => drop(chars.remove(place)),
            _ => {
                let half: Vec<char> = chars[..place].to_vec();
                chars.extend(half);
            }
        }
    }
    chars.truncate(4096);
    chars.into_iter().collect()
}

#[test]
fn what_holds_of_any_input_holds_of_the_corpus_and_of_what_is_near() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut numbers = Numbers(1);
    for (target, holds) in properties::ALL {
        let files = fs::read_dir(corpus.join(target)).expect("a folder of the corpus");
        let mut count = 0;
        for file in files {
            let bytes = fs::read(file.expect("an entry").path()).expect("a file");
            // As the fuzzer does with a `&str`.
            let Ok(seed) = std::str::from_utf8(&bytes) else {
                continue;
            };
            holds(seed);
            for _ in 0..NEAR {
                holds(&near(&mut numbers, seed));
            }
            count += 1;
        }
        assert!(count > 5, "{target}: only {count}");
    }
}

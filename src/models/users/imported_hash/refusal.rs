//! Why a hash isn't accepted, in words for the report of an import. Nothing of the hash is repeated.

use thiserror::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("This is no form of a password hash that is known here.")]
    Unknown,
    /// Recognised, and not to be had.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Which part can't be read.
    #[error("The hash is malformed: {0}.")]
    Malformed(&'static str),
    #[error("Verifying the hash needs {} {}; at most {} are accepted.",
        .measure.amount(*.needs), .measure.unit(), .measure.amount(*.at_most))]
    TooCostly {
        measure: Measure,
        needs: u64,
        at_most: u64,
    },
    #[error("The hash has {length} bytes; at most {at_most} are accepted.")]
    TooLong { length: usize, at_most: usize },
}

impl Refusal {
    /// Stable, for programs that read the report.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "hash_unknown",
            Self::Unsupported(_) => "hash_unsupported",
            Self::Malformed(_) => "hash_malformed",
            Self::TooCostly { .. } => "hash_too_costly",
            Self::TooLong { .. } => "hash_too_long",
        }
    }

    /// Say more than "unknown" of what is met often.
    pub(super) fn of_unread(parts: &[&str]) -> Self {
        match *parts {
            ["", "2x", ..] | ["bcrypt" | "bcrypt_sha256", "", "2x", ..] => Self::Unsupported(
                "bcrypt's $2x$ marks hashes made by a flawed implementation, which several passwords \
                 match; a new password has to be chosen.",
            ),
            ["" | "argon2", "argon2d", ..] => Self::Unsupported(
                "Argon2d isn't meant for passwords; only Argon2id and Argon2i are accepted.",
            ),
            ["", "1" | "5" | "6" | "apr1" | "md5" | "sha1", _, ..]
            | [
                "md5" | "sha1" | "unsalted_md5" | "unsalted_sha1" | "crypt",
                _,
                ..,
            ] => Self::Unsupported(
                "MD5, SHA-1 and the hashes of crypt are too fast to be accepted; a new password has to \
                 be chosen.",
            ),
            _ => Self::Unknown,
        }
    }
}

/// What there can be too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// In bytes, at once.
    Memory,
    /// In bytes, over all passes or lanes.
    MemoryInAll,
    Iterations,
    /// Iterations, over all blocks of the digest.
    IterationsInAll,
    Passes,
    Lanes,
    BlockSize,
    /// The logarithm of bcrypt's rounds.
    BcryptCost,
}

impl Measure {
    fn amount(self, amount: u64) -> String {
        match self {
            Self::Memory | Self::MemoryInAll => size(amount),
            _ => amount.to_string(),
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Memory => "of memory",
            Self::MemoryInAll => "of memory over all passes and lanes",
            Self::Iterations => "iterations",
            Self::IterationsInAll => "iterations over all blocks",
            Self::Passes => "passes",
            Self::Lanes => "lanes",
            Self::BlockSize => "as block size",
            Self::BcryptCost => "as cost",
        }
    }

    /// The part that is malformed when the number is too low.
    pub(super) fn part(self) -> &'static str {
        match self {
            Self::Memory | Self::MemoryInAll => "the memory",
            Self::Iterations | Self::IterationsInAll => "the number of iterations",
            Self::Passes => "the number of passes",
            Self::Lanes => "the parallelism",
            Self::BlockSize => "the block size",
            Self::BcryptCost => "the cost",
        }
    }
}

fn size(bytes: u64) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes >= unit && bytes.is_multiple_of(unit) {
            return format!("{} {name}", bytes / unit);
        }
    }
    format!("{bytes} bytes")
}

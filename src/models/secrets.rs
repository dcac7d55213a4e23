//! Keys, random secrets and digests. What is secret here can't be printed.

use std::fmt;

use argon2::password_hash::rand_core::{OsRng, RngCore};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A key for one purpose, derived from the configured secret: knowing one tells nothing of another.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl Key {
    /// HKDF's expand step (RFC 5869, section 2.3) for one block: the secret has full entropy already.
    pub fn derive(secret: &[u8], purpose: &str) -> Self {
        let derived = Self::of(secret).mac(&[purpose.as_bytes(), &[1]]);
        Self::of(&derived)
    }

    fn of(bytes: &[u8]) -> Self {
        // HMAC takes keys of any length (RFC 2104, section 3).
        Self(Hmac::new_from_slice(bytes).unwrap_or_else(|_| unreachable!()))
    }

    /// The HMAC-SHA256 of these parts, one after the other.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// 256 random bits from the operating system.
pub fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// What a table keeps of a secret: its SHA-256, in hexadecimal. A secret of 128 random bits or more
/// needs no slow hash.
pub fn digest(secret: &[u8]) -> String {
    hex(&Sha256::digest(secret))
}

/// In lower case.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        hex.push(char::from(DIGITS[usize::from(byte >> 4)]));
        hex.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    hex
}

/// Compared without telling by time where the two differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(a, b).into()
}

//! bcrypt: `$2y$` from PHP, `$2a$` and `$2b$` from everybody else, which are one algorithm today. Django
//! puts `bcrypt` in front, or `bcrypt_sha256` where it has hashed the password before ("Password
//! management in Django").
//!
//! Only the first 72 bytes of a password count, there as here. Python's bcrypt 5 refuses to hash a longer
//! one, but the versions before it cut.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Refusal, Scheme, limits, parameters::number};

const MAX_PASSWORD: usize = 72;

/// bcrypt's own alphabet. Unused bits are ignored, as all implementations do: PHP once let people choose
/// the salt as text.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    /// `2a`, `2b` or `2y`.
    version: String,
    cost: u32,
    salt: [u8; 16],
    digest: [u8; 23],
    /// Is the password replaced by its SHA-256 in hex digits?
    sha256: bool,
}

impl Hash {
    pub fn new(version: &str, rest: &[&str], sha256: bool) -> Result<Self, Refusal> {
        let [cost, data] = *rest else {
            return Err(Refusal::Malformed("the parts of a bcrypt hash"));
        };
        if cost.len() != 2 {
            return Err(Refusal::Malformed("the cost"));
        }
        let (salt, digest) = data
            .split_at_checked(22)
            .ok_or(Refusal::Malformed("the salt"))?;
        Ok(Self {
            version: version.to_owned(),
            cost: limits::bcrypt(number(cost)?)?,
            salt: bytes(salt).ok_or(Refusal::Malformed("the salt"))?,
            digest: bytes(digest).ok_or(Refusal::Malformed("the digest"))?,
            sha256,
        })
    }

    /// The password as the bytes that are hashed: ended by a NUL if it is not too long for that.
    fn key(&self, password: &[u8]) -> Vec<u8> {
        let mut key = if self.sha256 {
            let digest = Sha256::digest(password);
            digest
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 15])
                .map(|digit| b"0123456789abcdef"[usize::from(digit)])
                .collect()
        } else if self.version == "2y" {
            // PHP gives a C string to `crypt`, which ends at the first NUL; others know the length.
            password
                .split(|byte| *byte == 0)
                .next()
                .unwrap_or_default()
                .to_vec()
        } else {
            password.to_vec()
        };
        key.push(0);
        key.truncate(MAX_PASSWORD);
        key
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

impl Scheme for Hash {
    fn cost(&self) -> String {
        let prefix = if self.sha256 { "bcrypt_sha256$" } else { "" };
        format!("{prefix}${}${:02}$", self.version, self.cost)
    }

    fn stored(&self) -> String {
        let (salt, digest) = (BASE64.encode(self.salt), BASE64.encode(self.digest));
        format!("{}{salt}{digest}", self.cost())
    }

    fn matches(&self, password: &[u8]) -> bool {
        let digest = ::bcrypt::bcrypt(self.cost, self.salt, &self.key(password));
        digest[..self.digest.len()].ct_eq(&self.digest).into()
    }
}

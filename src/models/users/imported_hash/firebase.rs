//! Firebase's variant of scrypt: what scrypt derives is the key that encrypts the project's signer key,
//! and the ciphertext is the hash (the README of firebase/scrypt). As one text in the form that Supabase
//! made for it: `$fbscrypt$v=1,n=14,r=8,p=1,ss=…,sk=…$salt$hash`.
//!
//! The signer key stands in each stored hash, because a hash means nothing without it.

use std::fmt;

use ::scrypt::{Params, scrypt};
use aes::Aes256;
use base64::Engine;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use subtle::ConstantTimeEq;

use super::{
    Refusal, Scheme,
    encoding::{BASE64, decode},
    limits,
    parameters::Parameters,
};

/// A project's parameters, as the Firebase console shows them under "Password hash parameters"; the
/// first two are base64 there, in either alphabet.
#[derive(Clone)]
pub struct FirebaseParameters {
    pub signer_key: String,
    pub salt_separator: String,
    pub rounds: u32,
    /// The logarithm of scrypt's `N`.
    pub mem_cost: u32,
}

impl fmt::Debug for FirebaseParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirebaseParameters")
            .field("rounds", &self.rounds)
            .field("mem_cost", &self.mem_cost)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    log_n: u8,
    r: u32,
    signer_key: Vec<u8>,
    separator: Vec<u8>,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Hash {
    pub fn text(rest: &[&str]) -> Result<Self, Refusal> {
        let [parameters, salt, digest] = *rest else {
            return Err(Refusal::Malformed("the parts of a Firebase hash"));
        };
        let mut parameters = Parameters::parse(parameters)?;
        let version = parameters.take("v");
        let mem_cost = parameters.take_number("n")?;
        let rounds = parameters.take_number("r")?;
        let lanes = parameters.take("p");
        let separator = parameters.take("ss").unwrap_or_default();
        let signer_key = parameters.take("sk").unwrap_or_default();
        parameters.finish()?;
        if (version, lanes) != (Some("1"), Some("1")) {
            return Err(Refusal::Malformed("the parameters"));
        }
        Self::build(mem_cost, rounds, [signer_key, separator, salt, digest])
    }

    pub fn new(from: &FirebaseParameters, salt: &str, digest: &str) -> Result<Self, Refusal> {
        let texts = [&from.signer_key, &from.salt_separator, salt, digest];
        for text in texts {
            limits::length(text, false)?;
        }
        Self::build(from.mem_cost.into(), from.rounds.into(), texts)
    }

    fn build(mem_cost: u64, rounds: u64, texts: [&str; 4]) -> Result<Self, Refusal> {
        let [signer_key, separator, salt, digest] =
            texts.map(|text| text.replace('-', "+").replace('_', "/"));
        let (log_n, r, _) = limits::scrypt(mem_cost, rounds, 1)?;
        Params::new(log_n, r, 1).map_err(|_| Refusal::Malformed("the parameters"))?;
        let hash = Self {
            log_n,
            r,
            signer_key: decode(&signer_key, "the signer key")?,
            separator: limits::salt(decode(&separator, "the salt separator")?, 0)?,
            salt: limits::salt(decode(&salt, "the salt")?, 1)?,
            digest: limits::digest(decode(&digest, "the hash")?)?,
        };
        if hash.signer_key.len() != hash.digest.len() {
            return Err(Refusal::Malformed(
                "the hash and the signer key have different lengths",
            ));
        }
        Ok(hash)
    }
}

impl Scheme for Hash {
    fn cost(&self) -> String {
        format!("$fbscrypt$v=1,n={},r={},p=1", self.log_n, self.r)
    }

    fn stored(&self) -> String {
        let separator = match &self.separator[..] {
            [] => String::new(),
            separator => format!(",ss={}", BASE64.encode(separator)),
        };
        let (key, cost) = (BASE64.encode(&self.signer_key), self.cost());
        let (salt, digest) = (BASE64.encode(&self.salt), BASE64.encode(&self.digest));
        format!("{cost}{separator},sk={key}${salt}${digest}")
    }

    fn matches(&self, password: &[u8]) -> bool {
        let Ok(params) = Params::new(self.log_n, self.r, 1) else {
            return false;
        };
        let salt = [&self.salt[..], &self.separator].concat();
        let mut derived = [0; 64];
        if scrypt(password, &salt, &params, &mut derived).is_err() {
            return false;
        }
        let Ok(mut cipher) = Ctr128BE::<Aes256>::new_from_slices(&derived[..32], &[0; 16]) else {
            return false;
        };
        let mut digest = self.signer_key.clone();
        cipher.apply_keystream(&mut digest);
        digest.ct_eq(&self.digest).into()
    }
}

//! Argon2i and Argon2id (RFC 9106), in PHC strings as its reference implementation, PHP and we ourselves
//! write them; Django puts `argon2` in front.

use ::argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use subtle::ConstantTimeEq;

use super::{
    Refusal, Scheme,
    encoding::{BASE64, decode},
    limits,
    parameters::Parameters,
};

/// Bytes; RFC 9106 allows no less.
const MIN_SALT: usize = 8;

#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    algorithm: Algorithm,
    version: Version,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

pub struct Cost {
    pub memory_kib: u64,
    pub passes: u64,
    pub lanes: u64,
}

impl Hash {
    pub fn phc(variant: &str, rest: &[&str]) -> Result<Self, Refusal> {
        let (version, parameters, salt, digest) = match *rest {
            ["v=19", parameters, salt, digest] => (Version::V0x13, parameters, salt, digest),
            // The first version wrote none.
            ["v=16", parameters, salt, digest] | [parameters, salt, digest] => {
                (Version::V0x10, parameters, salt, digest)
            }
            _ => return Err(Refusal::Malformed("the parts of an Argon2 string")),
        };
        let algorithm = match variant {
            "argon2id" => Algorithm::Argon2id,
            _ => Algorithm::Argon2i,
        };
        let mut parameters = Parameters::parse(parameters)?;
        let cost = Cost {
            memory_kib: parameters.take_number("m")?,
            passes: parameters.take_number("t")?,
            lanes: parameters.take_number("p")?,
        };
        parameters.finish()?;
        let (salt, digest) = (decode(salt, "the salt")?, decode(digest, "the digest")?);
        Self::new(algorithm, version, &cost, salt, digest)
    }

    pub fn new(
        algorithm: Algorithm,
        version: Version,
        cost: &Cost,
        salt: Vec<u8>,
        digest: Vec<u8>,
    ) -> Result<Self, Refusal> {
        let (memory_kib, passes, lanes) = limits::argon2(cost.memory_kib, cost.passes, cost.lanes)?;
        let hash = Self {
            algorithm,
            version,
            memory_kib,
            passes,
            lanes,
            salt: limits::salt(salt, MIN_SALT)?,
            digest: limits::digest(digest)?,
        };
        hash.params().ok_or(Refusal::Malformed("the memory"))?;
        Ok(hash)
    }

    /// None if the memory is too little for the lanes.
    fn params(&self) -> Option<Params> {
        let length = Some(self.digest.len());
        Params::new(self.memory_kib, self.passes, self.lanes, length).ok()
    }
}

impl Scheme for Hash {
    fn cost(&self) -> String {
        let (algorithm, version) = (self.algorithm.as_str(), u32::from(self.version));
        let (m, t, p) = (self.memory_kib, self.passes, self.lanes);
        format!("${algorithm}$v={version}$m={m},t={t},p={p}")
    }

    fn stored(&self) -> String {
        let (salt, digest) = (BASE64.encode(&self.salt), BASE64.encode(&self.digest));
        format!("{}${salt}${digest}", self.cost())
    }

    fn matches(&self, password: &[u8]) -> bool {
        let Some(params) = self.params() else {
            return false;
        };
        let mut digest = vec![0; self.digest.len()];
        Argon2::new(self.algorithm, self.version, params)
            .hash_password_into(password, &self.salt, &mut digest)
            .is_ok_and(|()| digest.ct_eq(&self.digest).into())
    }
}

//! PBKDF2 (RFC 8018) with HMAC: as PHC string, as passlib writes it (`passlib.hash.pbkdf2_digest`), as
//! Django does ("Password management in Django") and as Werkzeug does (`generate_password_hash`).

use ::pbkdf2::pbkdf2_hmac;
use base64::Engine;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::{
    Refusal, Scheme,
    encoding::{BASE64, decode, unhex},
    limits,
    parameters::{Parameters, number},
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    prf: Prf,
    iterations: u32,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Prf {
    fn find(name: &str) -> Result<Self, Refusal> {
        match name {
            "sha1" => Ok(Self::Sha1),
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            _ => Err(Refusal::Unsupported(
                "PBKDF2 is accepted with SHA-1, SHA-256 and SHA-512 only.",
            )),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// Bytes.
    fn output(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl Hash {
    /// `i=iterations,l=length` in a PHC string; passlib has the number of iterations alone, writes the
    /// alphabet with a dot in place of the plus, and leaves SHA-1 unnamed.
    pub fn phc(prf: &str, rest: &[&str]) -> Result<Self, Refusal> {
        let [parameters, salt, digest] = *rest else {
            return Err(Refusal::Malformed("the parts of a PBKDF2 string"));
        };
        let prf = Prf::find(prf.strip_prefix("pbkdf2-").unwrap_or("sha1"))?;
        if !parameters.contains('=') {
            let (salt, digest) = (salt.replace('.', "+"), digest.replace('.', "+"));
            let (salt, digest) = (decode(&salt, "the salt")?, decode(&digest, "the digest")?);
            return Self::new(prf, number(parameters)?, salt, digest);
        }
        let (salt, digest) = (decode(salt, "the salt")?, decode(digest, "the digest")?);
        let mut parameters = Parameters::parse(parameters)?;
        let iterations = parameters.take_number("i")?;
        let length = parameters.take("l").map(number).transpose()?;
        parameters.finish()?;
        if length.is_some_and(|length| length != digest.len() as u64) {
            return Err(Refusal::Malformed("the length of the digest"));
        }
        Self::new(prf, iterations, salt, digest)
    }

    /// The salt is text.
    pub fn django(prf: &str, rest: &[&str]) -> Result<Self, Refusal> {
        let [iterations, salt, digest] = *rest else {
            return Err(Refusal::Malformed("the parts of Django's PBKDF2 hash"));
        };
        let prf = Prf::find(prf.strip_prefix("pbkdf2_").unwrap_or(prf))?;
        let digest = decode(digest, "the digest")?;
        Self::new(prf, number(iterations)?, salt.into(), digest)
    }

    /// `pbkdf2:sha256:iterations$salt$hex`. The salt is text.
    pub fn werkzeug(method: &str, rest: &[&str]) -> Result<Self, Refusal> {
        let method: Vec<&str> = method.split(':').collect();
        let ([_, prf, iterations], [salt, digest]) = (&method[..], rest) else {
            return Err(Refusal::Malformed("the parts of Werkzeug's PBKDF2 hash"));
        };
        let (iterations, salt) = (number(iterations)?, (*salt).into());
        Self::new(Prf::find(prf)?, iterations, salt, unhex(digest)?)
    }

    pub fn new(prf: Prf, iterations: u64, salt: Vec<u8>, digest: Vec<u8>) -> Result<Self, Refusal> {
        let digest = limits::digest(digest)?;
        Ok(Self {
            prf,
            iterations: limits::pbkdf2(iterations, digest.len(), prf.output())?,
            salt: limits::salt(salt, 1)?,
            digest,
        })
    }
}

impl Scheme for Hash {
    fn cost(&self) -> String {
        let (prf, i, l) = (self.prf.name(), self.iterations, self.digest.len());
        format!("$pbkdf2-{prf}$i={i},l={l}")
    }

    fn stored(&self) -> String {
        let (salt, digest) = (BASE64.encode(&self.salt), BASE64.encode(&self.digest));
        format!("{}${salt}${digest}", self.cost())
    }

    fn matches(&self, password: &[u8]) -> bool {
        let mut digest = vec![0; self.digest.len()];
        let (salt, iterations) = (&self.salt, self.iterations);
        match self.prf {
            Prf::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, iterations, &mut digest),
            Prf::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut digest),
            Prf::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, iterations, &mut digest),
        }
        digest.ct_eq(&self.digest).into()
    }
}

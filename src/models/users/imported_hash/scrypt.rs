//! scrypt (RFC 7914): as PHC string, as Django writes it ("Password management in Django",
//! `ScryptPasswordHasher`) and as Werkzeug does (`generate_password_hash`).

use ::scrypt::{Params, scrypt};
use base64::Engine;
use subtle::ConstantTimeEq;

use super::{
    Refusal, Scheme,
    encoding::{BASE64, decode, unhex},
    limits,
    parameters::{Parameters, number},
};

#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    log_n: u8,
    r: u32,
    p: u32,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Hash {
    pub fn phc(rest: &[&str]) -> Result<Self, Refusal> {
        let [parameters, salt, digest] = *rest else {
            return Err(Refusal::Malformed("the parts of a scrypt string"));
        };
        let mut parameters = Parameters::parse(parameters)?;
        let log_n = parameters.take_number("ln")?;
        let r = parameters.take_number("r")?;
        let p = parameters.take_number("p")?;
        parameters.finish()?;
        let (salt, digest) = (decode(salt, "the salt")?, decode(digest, "the digest")?);
        Self::new(log_n, r, p, salt, digest)
    }

    /// The salt is text.
    pub fn django(rest: &[&str]) -> Result<Self, Refusal> {
        let [n, salt, r, p, digest] = *rest else {
            return Err(Refusal::Malformed("the parts of Django's scrypt hash"));
        };
        let digest = decode(digest, "the digest")?;
        Self::new(log2(n)?, number(r)?, number(p)?, salt.into(), digest)
    }

    /// `scrypt:N:r:p$salt$hex`. The salt is text.
    pub fn werkzeug(method: &str, rest: &[&str]) -> Result<Self, Refusal> {
        let method: Vec<&str> = method.split(':').collect();
        let ([_, n, r, p], [salt, digest]) = (&method[..], rest) else {
            return Err(Refusal::Malformed("the parts of Werkzeug's scrypt hash"));
        };
        let (r, p, salt) = (number(r)?, number(p)?, (*salt).into());
        Self::new(log2(n)?, r, p, salt, unhex(digest)?)
    }

    fn new(log_n: u64, r: u64, p: u64, salt: Vec<u8>, digest: Vec<u8>) -> Result<Self, Refusal> {
        let (log_n, r, p) = limits::scrypt(log_n, r, p)?;
        Params::new(log_n, r, p).map_err(|_| Refusal::Malformed("the parameters"))?;
        Ok(Self {
            log_n,
            r,
            p,
            salt: limits::salt(salt, 1)?,
            digest: limits::digest(digest)?,
        })
    }
}

fn log2(n: &str) -> Result<u64, Refusal> {
    match number(n)? {
        u64::MAX => Ok(u64::MAX),
        n if n.is_power_of_two() => Ok(n.ilog2().into()),
        _ => Err(Refusal::Malformed("N, which isn't a power of two")),
    }
}

impl Scheme for Hash {
    fn cost(&self) -> String {
        format!("$scrypt$ln={},r={},p={}", self.log_n, self.r, self.p)
    }

    fn stored(&self) -> String {
        let (salt, digest) = (BASE64.encode(&self.salt), BASE64.encode(&self.digest));
        format!("{}${salt}${digest}", self.cost())
    }

    fn matches(&self, password: &[u8]) -> bool {
        let Ok(params) = Params::new(self.log_n, self.r, self.p) else {
            return false;
        };
        let mut digest = vec![0; self.digest.len()];
        scrypt(password, &self.salt, &params, &mut digest)
            .is_ok_and(|()| digest.ct_eq(&self.digest).into())
    }
}

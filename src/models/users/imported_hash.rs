//! Password hashes that other systems made: read with their form and cost checked, stored in one
//! canonical text, verified at a login. A login that succeeds replaces them by a hash of our own.
//!
//! The canonical text is a PHC string wherever that can say it; Keycloak's and Django's forms are only
//! read. Each file beside this one names the public description of the forms that it reads.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

mod argon2;
mod bcrypt;
mod encoding;
mod firebase;
mod keycloak;
mod limits;
mod parameters;
mod pbkdf2;
mod refusal;
mod scrypt;

pub use firebase::FirebaseParameters;
pub use refusal::{Measure, Refusal};

/// A hash whose form is understood and whose verification costs no more than `limits` allow.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportedHash(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Argon2(argon2::Hash),
    Bcrypt(bcrypt::Hash),
    Firebase(firebase::Hash),
    Pbkdf2(pbkdf2::Hash),
    Scrypt(scrypt::Hash),
}

/// What a kind of hash can do.
trait Scheme {
    /// Which algorithm at which cost, as the canonical text begins; holds nothing that is secret.
    fn cost(&self) -> String;
    fn stored(&self) -> String;
    /// In time that doesn't tell how much of the digest is the same.
    fn matches(&self, password: &[u8]) -> bool;
}

impl ImportedHash {
    /// Read what a system exported, or what `stored` gave.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let json = text.trim_start().starts_with('{');
        limits::length(text, json)?;
        if json {
            return keycloak::parse(text).map(Self);
        }
        let parts: Vec<&str> = text.split('$').collect();
        let kind = match *parts {
            [
                "" | "argon2",
                variant @ ("argon2i" | "argon2id"),
                ref rest @ ..,
            ] => Kind::Argon2(argon2::Hash::phc(variant, rest)?),
            ["", version @ ("2a" | "2b" | "2y"), ref rest @ ..]
            | ["bcrypt", "", version @ ("2a" | "2b" | "2y"), ref rest @ ..] => {
                Kind::Bcrypt(bcrypt::Hash::new(version, rest, false)?)
            }
            [
                "bcrypt_sha256",
                "",
                version @ ("2a" | "2b" | "2y"),
                ref rest @ ..,
            ] => Kind::Bcrypt(bcrypt::Hash::new(version, rest, true)?),
            ["", "scrypt", ref rest @ ..] => Kind::Scrypt(scrypt::Hash::phc(rest)?),
            ["scrypt", ref rest @ ..] => Kind::Scrypt(scrypt::Hash::django(rest)?),
            [method, ref rest @ ..] if method.starts_with("scrypt:") => {
                Kind::Scrypt(scrypt::Hash::werkzeug(method, rest)?)
            }
            ["", prf, ref rest @ ..] if prf == "pbkdf2" || prf.starts_with("pbkdf2-") => {
                Kind::Pbkdf2(pbkdf2::Hash::phc(prf, rest)?)
            }
            [prf @ ("pbkdf2_sha1" | "pbkdf2_sha256"), ref rest @ ..] => {
                Kind::Pbkdf2(pbkdf2::Hash::django(prf, rest)?)
            }
            [method, ref rest @ ..] if method.starts_with("pbkdf2:") => {
                Kind::Pbkdf2(pbkdf2::Hash::werkzeug(method, rest)?)
            }
            ["", "fbscrypt", ref rest @ ..] => Kind::Firebase(firebase::Hash::text(rest)?),
            _ => return Err(Refusal::of_unread(&parts)),
        };
        Ok(Self(kind))
    }

    /// A row of `firebase auth:export`, with the parameters that the Firebase console shows.
    pub fn firebase(
        parameters: &FirebaseParameters,
        salt: &str,
        hash: &str,
    ) -> Result<Self, Refusal> {
        let hash = firebase::Hash::new(parameters, salt, hash)?;
        Ok(Self(Kind::Firebase(hash)))
    }

    /// The canonical text, which `parse` reads again.
    pub fn stored(&self) -> String {
        self.scheme().stored()
    }

    /// Is this the password, given as it was typed? Other systems hash what is typed, we its NFC form;
    /// so both are tried where they differ. Takes as long as the system that made the hash decided.
    pub fn verify(&self, password: &str) -> bool {
        let scheme = self.scheme();
        if scheme.matches(password.as_bytes()) {
            return true;
        }
        let nfc: String = password.nfc().collect();
        nfc != password && scheme.matches(nfc.as_bytes())
    }

    fn scheme(&self) -> &dyn Scheme {
        match &self.0 {
            Kind::Argon2(hash) => hash,
            Kind::Bcrypt(hash) => hash,
            Kind::Firebase(hash) => hash,
            Kind::Pbkdf2(hash) => hash,
            Kind::Scrypt(hash) => hash,
        }
    }
}

/// Does it say that there is no password? Django marks that with an exclamation mark and something
/// random, we with the mark alone, exports with nothing.
pub fn is_none(text: &str) -> bool {
    text.is_empty() || text.starts_with('!')
}

impl fmt::Debug for ImportedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImportedHash({}…)", self.scheme().cost())
    }
}

//! A credential from an export of a Keycloak realm (Server Administration Guide, "Importing and
//! exporting realms"): JSON with `secretData` and `credentialData`, which are JSON again, as text or as
//! object; before Keycloak 8 all was at the top.

use ::argon2::{Algorithm, Version};
use serde_json::Value;

use super::{Kind, Refusal, argon2, encoding::decode, parameters::number, pbkdf2};

pub fn parse(text: &str) -> Result<Kind, Refusal> {
    let credential = json(text, "the JSON of a credential")?;
    if !credential["type"].is_null() && credential["type"] != "password" {
        return Err(Refusal::Unsupported(
            "Keycloak's credential isn't a password.",
        ));
    }
    if credential["hashedSaltedValue"].is_null() {
        let secret = object(&credential["secretData"], "secretData")?;
        let data = object(&credential["credentialData"], "credentialData")?;
        return hash(&data, &secret["salt"], &secret["value"]);
    }
    let (salt, digest) = (&credential["salt"], &credential["hashedSaltedValue"]);
    hash(&credential, salt, digest)
}

fn hash(data: &Value, salt: &Value, digest: &Value) -> Result<Kind, Refusal> {
    let salt = decode(salt.as_str().unwrap_or_default(), "the salt")?;
    let digest = decode(digest.as_str().unwrap_or_default(), "the digest")?;
    let iterations = amount(&data["hashIterations"], "hashIterations")?;
    let prf = match data["algorithm"].as_str() {
        Some("pbkdf2") => pbkdf2::Prf::Sha1,
        Some("pbkdf2-sha256") => pbkdf2::Prf::Sha256,
        Some("pbkdf2-sha512") => pbkdf2::Prf::Sha512,
        Some("argon2") => {
            let parameters = &data["additionalParameters"];
            return argon2(parameters, iterations, salt, digest).map(Kind::Argon2);
        }
        _ => {
            return Err(Refusal::Unsupported(
                "Of Keycloak's algorithms, argon2, pbkdf2, pbkdf2-sha256 and pbkdf2-sha512 are accepted.",
            ));
        }
    };
    pbkdf2::Hash::new(prf, iterations, salt, digest).map(Kind::Pbkdf2)
}

fn argon2(
    parameters: &Value,
    passes: u64,
    salt: Vec<u8>,
    digest: Vec<u8>,
) -> Result<argon2::Hash, Refusal> {
    let algorithm = match first(&parameters["type"]).as_str() {
        Some("id") => Algorithm::Argon2id,
        Some("i") => Algorithm::Argon2i,
        _ => return Err(Refusal::Malformed("the type of Argon2")),
    };
    let version = match first(&parameters["version"]).as_str() {
        Some("1.3") => Version::V0x13,
        Some("1.0") => Version::V0x10,
        _ => return Err(Refusal::Malformed("the version of Argon2")),
    };
    if amount(&parameters["hashLength"], "hashLength")? != digest.len() as u64 {
        return Err(Refusal::Malformed("the length of the digest"));
    }
    let cost = argon2::Cost {
        memory_kib: amount(&parameters["memory"], "the memory")?,
        passes,
        lanes: amount(&parameters["parallelism"], "the parallelism")?,
    };
    argon2::Hash::new(algorithm, version, &cost, salt, digest)
}

fn json(text: &str, part: &'static str) -> Result<Value, Refusal> {
    serde_json::from_str(text).map_err(|_| Refusal::Malformed(part))
}

fn object(value: &Value, part: &'static str) -> Result<Value, Refusal> {
    match value {
        Value::Object(_) => Ok(value.clone()),
        Value::String(text) => json(text, part),
        _ => Err(Refusal::Malformed(part)),
    }
}

/// Additional parameters are lists of texts, with one element.
fn first(value: &Value) -> &Value {
    match value {
        Value::Array(values) => values.first().unwrap_or(&Value::Null),
        _ => value,
    }
}

fn amount(value: &Value, part: &'static str) -> Result<u64, Refusal> {
    match first(value) {
        Value::String(text) => number(text),
        value => value.as_u64().ok_or(Refusal::Malformed(part)),
    }
}

//! Typed settings: the `settings:` section of `config/*.yaml`, read once, and the checks that keep a
//! wrong configuration from starting. `config/README.md` explains every key to an operator.

use std::{collections::BTreeSet, net::IpAddr, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use loco_rs::{config::Config, environment::Environment};
use serde::Deserialize;
use sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};

/// Secrets that stand in this repository. Whoever has read it can sign with them.
const SHIPPED_SECRETS: [&str; 2] = [
    "cm9sbGNhbGwtZGV2ZWxvcG1lbnQtc2VjcmV0LW5vdC1mb3ItcHJvZHVjdGlvbi11c2UtYXQtYWxsLXBsZWFzZQ==",
    "cm9sbGNhbGwtdGVzdC1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9uLXVzZS1hdC1hbGwtbmV2ZXItcGxlYXNlLi4=",
];

const SHIPPED_SECRET: &str = "auth.jwt.secret (JWT_SECRET_KEY): the secret in the repository is for loopback only; set one of your own";

/// RFC 7518, section 3.2, asks for a key as long as the hash's output; OWASP and we accept 256 bits.
const MIN_SECRET_BYTES: usize = 32;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub password: Password,
    pub registration: Registration,
    pub token: Token,
    pub docs: Docs,
}

/// How passwords are judged and hashed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Password {
    /// Shortest password, in Unicode code points (NIST SP 800-63B-4, section 3.1.1.2: 15 when it is
    /// the only factor).
    pub min_length: usize,
    /// Argon2id memory in KiB, passes and lanes (OWASP Password Storage Cheat Sheet: 19456, 2, 1).
    pub memory_kib: u32,
    pub iterations: u32,
    pub parallelism: u32,
    /// Hashes at once; 0 means one for each core.
    pub concurrency: usize,
    /// How long a request may wait for its turn before it is refused with 503.
    pub max_wait_ms: u64,
}

/// Who may register, and as what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// May anybody register as an administrator? For development only.
    pub allow_admin: bool,
}

/// What is in an access token besides `auth.jwt`, and how long its password check counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Token {
    pub issuer: String,
    pub audience: String,
    /// For so many seconds after a login the password need not be shown again to change it.
    pub reauthentication_seconds: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Docs {
    /// Serve `/openapi.json` and `/docs`.
    pub enable: bool,
}

// A missing block is the strict one: leaving something out never loosens a rule.
impl Default for Password {
    fn default() -> Self {
        Self {
            min_length: 15,
            memory_kib: 19456,
            iterations: 2,
            parallelism: 1,
            concurrency: 0,
            max_wait_ms: 10_000,
        }
    }
}

impl Default for Token {
    fn default() -> Self {
        Self {
            issuer: "rollcall".into(),
            audience: "rollcall".into(),
            reauthentication_seconds: 600,
        }
    }
}

impl Default for Docs {
    fn default() -> Self {
        Self { enable: true }
    }
}

impl Password {
    pub fn permits(&self) -> usize {
        match self.concurrency {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            n => n,
        }
    }
}

impl Settings {
    /// Read `settings:` and check the whole configuration for this environment.
    ///
    /// # Errors
    /// One message with every fault: the key, its variable and what is expected - never the value.
    pub fn from_config(config: &Config, environment: &Environment) -> loco_rs::Result<Self> {
        let section = config
            .settings
            .clone()
            .unwrap_or_else(|| serde_json::json!({}));
        let settings: Self = serde_path_to_error::deserialize(section).map_err(|err| {
            let message = err.inner().to_string();
            refusal(&[format!(
                "settings.{}: {}",
                err.path(),
                without_value(&message)
            )])
        })?;
        let mut faults = settings.faults();
        faults.extend(config_faults(config, environment));
        if faults.is_empty() {
            Ok(settings)
        } else {
            Err(refusal(&faults))
        }
    }

    fn faults(&self) -> Vec<String> {
        let p = &self.password;
        let checks = [
            (
                (8..=64).contains(&p.min_length),
                "settings.password.min_length: expected 8 to 64",
            ),
            (
                (19456..=4_194_304).contains(&p.memory_kib),
                "settings.password.memory_kib: expected 19456 to 4194304",
            ),
            (
                (2..=64).contains(&p.iterations),
                "settings.password.iterations: expected 2 to 64",
            ),
            (
                (1..=64).contains(&p.parallelism),
                "settings.password.parallelism: expected 1 to 64",
            ),
            (
                p.concurrency <= 1024,
                "settings.password.concurrency: expected 0 to 1024",
            ),
            (
                (100..=60_000).contains(&p.max_wait_ms),
                "settings.password.max_wait_ms: expected 100 to 60000",
            ),
            (
                !self.token.issuer.is_empty(),
                "settings.token.issuer: must not be empty",
            ),
            (
                !self.token.audience.is_empty(),
                "settings.token.audience: must not be empty",
            ),
            (
                (60..=86_400).contains(&self.token.reauthentication_seconds),
                "settings.token.reauthentication_seconds: expected 60 to 86400",
            ),
        ];
        checks
            .iter()
            .filter(|(holds, _)| !holds)
            .map(|(_, fault)| (*fault).to_string())
            .collect()
    }
}

/// A loopback name or address: only this machine can connect.
pub fn is_loopback(binding: &str) -> bool {
    binding == "localhost" || IpAddr::from_str(binding).is_ok_and(|ip| ip.is_loopback())
}

/// The secret of `auth.jwt`, decoded.
pub fn secret_bytes(config: &Config) -> Option<Vec<u8>> {
    let jwt = config.auth.as_ref()?.jwt.as_ref()?;
    BASE64.decode(&jwt.secret).ok()
}

/// Does this configuration sign with a secret that stands in the repository?
pub fn has_shipped_secret(config: &Config) -> bool {
    let jwt = config.auth.as_ref().and_then(|auth| auth.jwt.as_ref());
    jwt.is_some_and(|jwt| SHIPPED_SECRETS.contains(&jwt.secret.trim()))
}

/// The secret of the repository never leaves the machine, whatever the command line says.
///
/// # Errors
/// When this configuration signs with it and the binding is reachable from elsewhere.
pub fn check_binding(config: &Config, binding: &str) -> loco_rs::Result<()> {
    if has_shipped_secret(config) && !is_loopback(binding) {
        return Err(refusal(&[SHIPPED_SECRET.to_string()]));
    }
    Ok(())
}

/// What is wrong with the framework's own keys.
fn config_faults(config: &Config, environment: &Environment) -> Vec<String> {
    let mut faults = Vec::new();
    let mut need = |holds: bool, fault: &str| {
        if !holds {
            faults.push(fault.to_string());
        }
    };
    let production = *environment == Environment::Production;
    let database = &config.database;

    need(
        is_database_uri(&database.uri),
        "database.uri (DATABASE_URL): required, sqlite://… or postgres://…, what is special in a URL percent-encoded",
    );
    need(
        (1..=1000).contains(&database.max_connections)
            && database.min_connections <= database.max_connections,
        "database.max_connections (DB_MAX_CONNECTIONS): expected 1 to 1000, not below min_connections",
    );
    need(
        (1..=65_535).contains(&config.server.port),
        "server.port (PORT): expected 1 to 65535",
    );

    let jwt = config.auth.as_ref().and_then(|auth| auth.jwt.as_ref());
    need(
        jwt.is_some_and(|jwt| (60..=86_400).contains(&jwt.expiration)),
        "auth.jwt.expiration: expected 60 to 86400 seconds",
    );
    need(
        jwt.is_some_and(|jwt| jwt.location.is_none()),
        "auth.jwt.location: not supported, a token travels in the Authorization header only",
    );
    need(
        secret_bytes(config).is_some_and(|secret| secret.len() >= MIN_SECRET_BYTES),
        "auth.jwt.secret (JWT_SECRET_KEY): required, base64 of at least 32 random bytes, \
         for example from `openssl rand -base64 48`",
    );
    let exposed = production || !is_loopback(&config.server.binding);
    need(!(has_shipped_secret(config) && exposed), SHIPPED_SECRET);
    if !production {
        return faults;
    }
    need(
        !database.dangerously_truncate,
        "database.dangerously_truncate: not in production",
    );
    need(
        !database.dangerously_recreate,
        "database.dangerously_recreate: not in production",
    );
    need(
        is_https_url(&config.server.host),
        "server.host (HOST): required, the public base URL, https://… without a path",
    );
    need(
        allowed_origins(config)
            .iter()
            .all(|origin| is_origin(origin)),
        "server.middlewares.cors.allow_origins (ALLOW_ORIGINS): expected a comma-separated list of origins such as \
         https://app.example.com, without `*`, `null` or a path",
    );
    faults
}

/// Parsed here, because the pool's own refusal quotes it, password and all.
fn is_database_uri(uri: &str) -> bool {
    if uri.starts_with("postgres://") || uri.starts_with("postgresql://") {
        PgConnectOptions::from_str(uri).is_ok()
    } else {
        uri.starts_with("sqlite:") && SqliteConnectOptions::from_str(uri).is_ok()
    }
}

fn allowed_origins(config: &Config) -> BTreeSet<&str> {
    let cors = config
        .server
        .middlewares
        .cors
        .iter()
        .filter(|cors| cors.enable);
    cors.flat_map(|cors| cors.allow_origins.iter().map(String::as_str))
        .collect()
}

fn is_https_url(url: &str) -> bool {
    url.strip_prefix("https://").is_some_and(is_authority)
}

fn is_origin(origin: &str) -> bool {
    let authority = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    authority.is_some_and(is_authority)
}

/// `host` or `host:port`, as RFC 3986, section 3.2, without user information.
fn is_authority(authority: &str) -> bool {
    axum::http::uri::Authority::from_str(authority)
        .is_ok_and(|a| !a.host().is_empty() && !a.host().contains('*') && !authority.contains('@'))
}

fn refusal(faults: &[String]) -> loco_rs::Error {
    loco_rs::Error::Message(format!(
        "the configuration can't be used:\n  - {}",
        faults.join("\n  - ")
    ))
}

/// A parser's message quotes the offending value; keep what it expected, which is ours.
fn without_value(message: &str) -> String {
    if message.starts_with("unknown field") || message.starts_with("missing field") {
        return message.to_string();
    }
    match message.rsplit_once("expected ") {
        Some((_, expected)) => format!(
            "expected {}",
            expected.split(" at line").next().unwrap_or(expected)
        ),
        None => "the value can't be read".to_string(),
    }
}

/// Why a configuration file can't be read: the framework's error quotes the value and names no key.
pub fn explain(err: loco_rs::Error) -> loco_rs::Error {
    let loco_rs::Error::YAMLFile(err, file) = err else {
        return err;
    };
    let path = file.split(" (merged").next().unwrap_or(&file);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut faults: Vec<String> = text.lines().filter_map(variable_fault).collect();
    if faults.is_empty() {
        faults.push(format!("{file}: {}", without_value(&err.to_string())));
    }
    refusal(&faults)
}

/// For a line `key: <%= get_env(name="VARIABLE", default="1") %>`: what is wrong with the variable.
fn variable_fault(line: &str) -> Option<String> {
    let key = line.split(':').next()?.trim();
    let (variable, rest) = line.split_once("get_env(name=\"")?.1.split_once('"')?;
    let value = environment_variable(variable)?;
    let default = rest.split('"').nth(1).unwrap_or_default();
    if value.contains(['"', '\\']) || value.contains(char::is_control) {
        return Some(format!(
            "{key} ({variable}): must not contain a quote, a backslash or a control character"
        ));
    }
    let expected = if default.parse::<bool>().is_ok() {
        value.parse::<bool>().is_err().then_some("true or false")
    } else {
        (default.parse::<u64>().is_ok() && value.parse::<u64>().is_err())
            .then_some("a whole number")
    };
    expected.map(|expected| format!("{key} ({variable}): expected {expected}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "only to say which variable is wrong"
)]
fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

//! Typed settings: the `settings:` section of `config/*.yaml`, read once, and the checks that keep a
//! wrong configuration from starting. `config/README.md` explains every key to an operator.

use std::{collections::BTreeSet, net::IpAddr, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use ipnet::IpNet;
use loco_rs::{
    config::{Config, MailerTls},
    environment::Environment,
};
use serde::Deserialize;
use sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};

/// Secrets that stand in this repository. Whoever has read it can sign with them.
const SHIPPED_SECRETS: [&str; 2] = [
    "cm9sbGNhbGwtZGV2ZWxvcG1lbnQtc2VjcmV0LW5vdC1mb3ItcHJvZHVjdGlvbi11c2UtYXQtYWxsLXBsZWFzZQ==",
    "cm9sbGNhbGwtdGVzdC1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9uLXVzZS1hdC1hbGwtbmV2ZXItcGxlYXNlLi4=",
];

const SHIPPED_SECRET: &str = "auth.jwt.secret (JWT_SECRET_KEY): the secret in the repository is for loopback only; set one of your own";

const LOG_LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// RFC 7518, section 3.2, asks for a key as long as the hash's output; OWASP and we accept 256 bits.
const MIN_SECRET_BYTES: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub password: Password,
    pub registration: Registration,
    pub token: Token,
    pub sessions: Sessions,
    pub throttle: Throttle,
    pub rate_limit: RateLimit,
    pub oauth: OAuth,
    /// Reverse proxies, as CIDR networks, whose `X-Forwarded-For` and `Forwarded` are
    /// believed.
    pub trusted_proxies: CommaSeparated<IpNet>,
    pub docs: Docs,
    /// Where the links in mails point, a page's name following; our own pages when empty.
    pub frontend_url: String,
    /// Is an account confined to confirming its email address until that is done?
    pub require_verified_email: bool,
    pub mail: Mail,
    pub one_time_tokens: OneTimeTokens,
    pub lifecycle: Lifecycle,
    pub serving: Serving,
    pub metrics: Metrics,
    pub tracing: Tracing,
    /// Not a key: read from `server.host`.
    #[serde(skip)]
    pub base_url: String,
    /// Is the base URL https? Not a key: read from `server.host`.
    #[serde(skip)]
    pub is_public: bool,
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
    /// Refuse common and guessable passwords (NIST SP 800-63B-4, section 3.1.1.2).
    pub refuse_guessable: bool,
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

/// How long a session lasts, in seconds: since it was last seen, and in all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    pub idle_seconds: i64,
    pub absolute_seconds: i64,
    pub admin_idle_seconds: i64,
    pub admin_absolute_seconds: i64,
    pub cache: Cache,
}

/// Authentication state in memory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    pub enable: bool,
    /// Sessions kept at most.
    pub capacity: u64,
}

/// How guessing passwords is slowed down.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    pub enable: bool,
    /// Failures in a row on one identifier before the first delay.
    pub free_failures: i64,
    /// The same for one client address, whatever identifiers it tries.
    pub free_failures_per_address: i64,
    /// The delay after each failure beyond; the last one stays.
    pub delays_seconds: Vec<i64>,
}

/// Requests of one client address to the public endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    pub enable: bool,
    pub per_second: u32,
    pub burst: u32,
}

/// The client that may use `/oauth/introspect` and `/oauth/revoke`; none when empty.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OAuth {
    pub client_id: String,
    pub client_secret: String,
}

impl std::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OAuth")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// What mails look like, and how they are sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// `Name <address>`; made of the product's name and the base URL's host when empty.
    pub from: String,
    pub product_name: String,
    /// Of buttons and accents, `#rrggbb`.
    pub color: String,
    /// For accounts that have no locale, or one without templates.
    pub default_locale: String,
    /// A mail server gets so long to take a mail.
    pub timeout_seconds: i64,
    /// Then a mail is given up.
    pub max_attempts: i64,
    /// A mail that is asked for leaves after a random wait of up to so long, so that the work for it
    /// can't be told from the next answer's time.
    pub spread_ms: u64,
}

/// How long the links in mails are good, in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OneTimeTokens {
    pub verify_email_seconds: i64,
    pub reset_password_seconds: i64,
    pub magic_link_seconds: i64,
    pub change_email_seconds: i64,
    pub invitation_seconds: i64,
}

/// Connections, and how they end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Serving {
    /// A client gets so long to send the head of its next request; then its connection is closed.
    pub header_timeout_ms: u64,
    /// Connections at once; further ones wait until one is closed.
    pub max_connections: usize,
    /// Requests that are answered at once; further ones are refused for now.
    pub max_requests: usize,
    /// After a signal to stop, `/_readiness` says so for this long before no connection is taken any more.
    pub ready_delay_ms: u64,
    /// What has not ended so long after that is cut.
    pub drain_ms: u64,
    /// A start waits so long for a database that can't be reached.
    pub database_wait_ms: u64,
    /// Requests are refused for now while one waits so long for a connection to the database.
    pub max_database_wait_ms: u64,
    /// A line of the log for each request.
    pub log_requests: bool,
}

impl Default for Serving {
    fn default() -> Self {
        Self {
            header_timeout_ms: 8000,
            max_connections: 20_000,
            max_requests: 1000,
            ready_delay_ms: 0,
            drain_ms: 20_000,
            database_wait_ms: 0,
            max_database_wait_ms: 1000,
            log_requests: true,
        }
    }
}

/// Where the metrics are shown: not where the public is served.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    pub enable: bool,
    pub binding: String,
    pub port: u16,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            enable: false,
            binding: "127.0.0.1".into(),
            port: 9150,
        }
    }
}

/// Where spans of requests are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tracing {
    /// The base URL of an OpenTelemetry collector, by OTLP over HTTP; nowhere when empty.
    pub otlp_endpoint: String,
}

/// What becomes of deleted accounts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifecycle {
    /// A deleted account can be restored for so many days; then it is erased for good.
    pub grace_days: i64,
}

impl Lifecycle {
    pub fn grace(&self) -> chrono::Duration {
        chrono::Duration::days(self.grace_days)
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self { grace_days: 30 }
    }
}

/// A list as an environment variable has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommaSeparated<T>(pub Vec<T>);

impl<T> Default for CommaSeparated<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: FromStr> Deserialize<'de> for CommaSeparated<T> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let list = String::deserialize(d)?;
        let items = list
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        let parsed: Result<Vec<T>, _> = items.map(str::parse).collect();
        parsed.map(Self).map_err(|_| {
            serde::de::Error::custom(
                "expected a comma-separated list of networks such as 10.0.0.0/8",
            )
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Docs {
    /// Serve `/openapi.json` and `/docs`.
    pub enable: bool,
}

// A missing block is the strict one: leaving something out never loosens a rule.
impl Default for Settings {
    fn default() -> Self {
        Self {
            password: Password::default(),
            registration: Registration::default(),
            token: Token::default(),
            sessions: Sessions::default(),
            throttle: Throttle::default(),
            rate_limit: RateLimit::default(),
            oauth: OAuth::default(),
            trusted_proxies: CommaSeparated::default(),
            docs: Docs::default(),
            frontend_url: String::new(),
            require_verified_email: true,
            mail: Mail::default(),
            one_time_tokens: OneTimeTokens::default(),
            lifecycle: Lifecycle::default(),
            serving: Serving::default(),
            metrics: Metrics::default(),
            tracing: Tracing::default(),
            base_url: String::new(),
            is_public: false,
        }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            from: String::new(),
            product_name: "Rollcall".into(),
            color: "#1f5fbf".into(),
            default_locale: "en".into(),
            timeout_seconds: 30,
            max_attempts: 20,
            spread_ms: 1000,
        }
    }
}

impl Default for OneTimeTokens {
    fn default() -> Self {
        Self {
            verify_email_seconds: 86_400,
            reset_password_seconds: 1800,
            magic_link_seconds: 600,
            change_email_seconds: 86_400,
            invitation_seconds: 7 * 86_400,
        }
    }
}

impl Settings {
    /// The link of a mail: a page of the front end, or of our own, with a token that only its reader
    /// knows. Nothing of the request goes into it.
    pub fn link(&self, page: &str, token: &str) -> String {
        if self.frontend_url.is_empty() {
            format!("{}/account/{page}?token={token}", self.base_url)
        } else {
            let front_end = self.frontend_url.trim_end_matches('/');
            format!("{front_end}/{page}?token={token}")
        }
    }

    /// Who mails are from.
    pub fn mail_from(&self) -> String {
        if !self.mail.from.is_empty() {
            return self.mail.from.clone();
        }
        let url = axum::http::Uri::from_str(&self.base_url).ok();
        // An IP address has no mailboxes.
        let host = url.as_ref().and_then(axum::http::Uri::host);
        let host = host.filter(|host| !host.starts_with('[') && host.parse::<IpAddr>().is_err());
        format!(
            "\"{}\" <no-reply@{}>",
            self.mail.product_name,
            host.unwrap_or("localhost")
        )
    }
}

impl Default for Password {
    fn default() -> Self {
        Self {
            min_length: 15,
            memory_kib: 19456,
            iterations: 2,
            parallelism: 1,
            concurrency: 0,
            max_wait_ms: 10_000,
            refuse_guessable: true,
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

impl Default for Sessions {
    fn default() -> Self {
        Self {
            idle_seconds: 14 * 86_400,
            absolute_seconds: 30 * 86_400,
            admin_idle_seconds: 3_600,
            admin_absolute_seconds: 86_400,
            cache: Cache::default(),
        }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            enable: true,
            capacity: 100_000,
        }
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            enable: true,
            free_failures: 3,
            free_failures_per_address: 100,
            delays_seconds: vec![1, 3, 5, 10, 60, 120, 300, 600, 900],
        }
    }
}

impl Throttle {
    /// The delay after the n-th failure that is not free.
    pub fn delay(&self, n: i64) -> chrono::Duration {
        let index = usize::try_from(n - 1).ok();
        let delay = index.and_then(|i| self.delays_seconds.get(i).or(self.delays_seconds.last()));
        chrono::Duration::seconds(delay.copied().unwrap_or_default())
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            enable: true,
            per_second: 50,
            burst: 500,
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
        let mut settings: Self = serde_path_to_error::deserialize(section).map_err(|err| {
            let message = err.inner().to_string();
            refusal(&[format!(
                "settings.{}: {}",
                err.path(),
                without_value(&message)
            )])
        })?;
        settings.is_public = is_https_url(&config.server.host);
        settings.base_url = config.server.host.trim_end_matches('/').to_string();
        let mut faults = settings.faults();
        faults.extend(settings.mail_faults(config, environment));
        faults.extend(config_faults(config, environment));
        if faults.is_empty() {
            Ok(settings)
        } else {
            Err(refusal(&faults))
        }
    }

    #[expect(clippy::too_many_lines, reason = "a list")]
    fn faults(&self) -> Vec<String> {
        let p = &self.password;
        let checks = [
            (
                (8..=64).contains(&p.min_length),
                "settings.password.min_length (PASSWORD_MIN_LENGTH): expected 8 to 64",
            ),
            (
                (19456..=4_194_304).contains(&p.memory_kib),
                "settings.password.memory_kib (PASSWORD_MEMORY_KIB): expected 19456 to 4194304",
            ),
            (
                (2..=64).contains(&p.iterations),
                "settings.password.iterations (PASSWORD_ITERATIONS): expected 2 to 64",
            ),
            (
                (1..=64).contains(&p.parallelism),
                "settings.password.parallelism (PASSWORD_PARALLELISM): expected 1 to 64",
            ),
            (
                p.concurrency <= 1024,
                "settings.password.concurrency (PASSWORD_CONCURRENCY): expected 0 to 1024",
            ),
            (
                (100..=60_000).contains(&p.max_wait_ms),
                "settings.password.max_wait_ms (PASSWORD_MAX_WAIT): expected 100 to 60000",
            ),
            (
                !self.token.issuer.is_empty(),
                "settings.token.issuer (JWT_ISSUER): must not be empty",
            ),
            (
                !self.token.audience.is_empty(),
                "settings.token.audience (JWT_AUDIENCE): must not be empty",
            ),
            (
                (60..=86_400).contains(&self.token.reauthentication_seconds),
                "settings.token.reauthentication_seconds (REAUTHENTICATION_SECONDS): expected 60 to 86400",
            ),
            (
                [
                    (self.sessions.idle_seconds, self.sessions.absolute_seconds),
                    (
                        self.sessions.admin_idle_seconds,
                        self.sessions.admin_absolute_seconds,
                    ),
                ]
                .iter()
                .all(|(idle, absolute)| {
                    (300..=*absolute).contains(idle) && *absolute <= 366 * 86_400
                }),
                "settings.sessions (SESSION_IDLE, SESSION_ABSOLUTE, SESSION_ADMIN_IDLE, SESSION_ADMIN_ABSOLUTE): an \
                 idle lifetime is at least 300 seconds and at most the absolute one, that at most 366 days",
            ),
            (
                (1..=10_000_000).contains(&self.sessions.cache.capacity),
                "settings.sessions.cache.capacity (SESSION_CACHE_CAPACITY): expected 1 to 10000000",
            ),
            (
                (0..=20).contains(&self.throttle.free_failures),
                "settings.throttle.free_failures (THROTTLE_FREE_FAILURES): expected 0 to 20",
            ),
            (
                (0..=100_000).contains(&self.throttle.free_failures_per_address),
                "settings.throttle.free_failures_per_address (THROTTLE_FREE_FAILURES_PER_ADDRESS): expected 0 to 100000",
            ),
            (
                !self.throttle.delays_seconds.is_empty()
                    && self
                        .throttle
                        .delays_seconds
                        .iter()
                        .all(|delay| (1..=86_400).contains(delay)),
                "settings.throttle.delays_seconds: expected a list of delays from 1 to 86400",
            ),
            (
                (1..=3650).contains(&self.lifecycle.grace_days),
                "settings.lifecycle.grace_days (DELETED_GRACE_DAYS): expected 1 to 3650",
            ),
            (
                (100..=10_000).contains(&self.serving.header_timeout_ms),
                "settings.serving.header_timeout_ms (HEADER_TIMEOUT): expected 100 to 10000",
            ),
            (
                self.serving.max_connections > 0 && self.serving.max_requests > 0,
                "settings.serving (MAX_CONNECTIONS, MAX_REQUESTS): expected at least 1",
            ),
            (
                self.serving.ready_delay_ms + self.serving.drain_ms <= 29_000,
                "settings.serving (READY_DELAY, DRAIN_TIMEOUT): expected at most 29000 together",
            ),
            (
                self.serving.database_wait_ms <= 3_600_000,
                "settings.serving.database_wait_ms (DB_WAIT): expected at most 3600000",
            ),
            (
                (100..=60_000).contains(&self.serving.max_database_wait_ms),
                "settings.serving.max_database_wait_ms (MAX_DATABASE_WAIT): expected 100 to 60000",
            ),
            (
                self.metrics.port > 0 && !self.metrics.binding.is_empty(),
                "settings.metrics (METRICS_BINDING, METRICS_PORT): expected an address and a port",
            ),
            (
                self.tracing.otlp_endpoint.is_empty()
                    || self.tracing.otlp_endpoint.starts_with("http://"),
                "settings.tracing.otlp_endpoint (OTEL_EXPORTER_OTLP_ENDPOINT): expected http://…; a collector next door speaks TLS to others",
            ),
            (
                self.rate_limit.per_second > 0 && self.rate_limit.burst > 0,
                "settings.rate_limit (RATE_LIMIT_PER_SECOND, RATE_LIMIT_BURST): expected at least 1",
            ),
            (
                self.oauth.client_id.is_empty() == self.oauth.client_secret.is_empty()
                    && (self.oauth.client_secret.is_empty()
                        || self.oauth.client_secret.len() >= MIN_SECRET_BYTES),
                "settings.oauth (OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET): expected both or none, the secret with at \
                 least 32 characters",
            ),
        ];
        failed(&checks)
    }
}

impl Settings {
    /// What is wrong with the mails and the mailer.
    fn mail_faults(&self, config: &Config, environment: &Environment) -> Vec<String> {
        let production = *environment == Environment::Production;
        let (mail, tokens) = (&self.mail, &self.one_time_tokens);
        let smtp = config
            .mailer
            .as_ref()
            .and_then(|mailer| mailer.smtp.as_ref());
        let smtp = smtp.filter(|smtp| smtp.enable);
        let is_stub = config.mailer.as_ref().is_some_and(|mailer| mailer.stub);
        let text = |text: &str| !text.is_empty() && !text.contains(char::is_control);
        let is_frontend = |url: &str| {
            let rest = url.strip_prefix("https://");
            let rest = rest.or_else(|| url.strip_prefix("http://").filter(|_| !production));
            rest.is_some_and(|rest| {
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                is_authority(authority) && !path.contains(['?', '#', ' ', '"', '<', '>'])
            })
        };
        let checks = [
            (
                self.frontend_url.is_empty() || is_frontend(&self.frontend_url),
                "settings.frontend_url (FRONTEND_URL): expected the URL of your front end's account pages, https in \
                 production, without a query",
            ),
            (
                text(&mail.product_name) && !mail.product_name.contains('"'),
                "settings.mail.product_name (PRODUCT_NAME): expected a name without quotes",
            ),
            (
                is_color(&mail.color),
                "settings.mail.color (PRODUCT_COLOR): expected a colour such as #1f5fbf",
            ),
            (
                self.mail_from().parse::<lettre::message::Mailbox>().is_ok(),
                "settings.mail.from (MAILER_FROM): expected an address, or `Name <address>`",
            ),
            (
                text(&mail.default_locale),
                "settings.mail.default_locale (DEFAULT_LOCALE): expected a language such as en",
            ),
            (
                (1..=300).contains(&mail.timeout_seconds),
                "settings.mail.timeout_seconds (MAILER_TIMEOUT): expected 1 to 300",
            ),
            (
                (1..=100).contains(&mail.max_attempts),
                "settings.mail.max_attempts (MAILER_MAX_ATTEMPTS): expected 1 to 100",
            ),
            (
                mail.spread_ms <= 10_000,
                "settings.mail.spread_ms (MAILER_SPREAD): expected 0 to 10000",
            ),
            (
                [tokens.reset_password_seconds, tokens.magic_link_seconds]
                    .iter()
                    .all(|seconds| (60..=86_400).contains(seconds)),
                "settings.one_time_tokens (RESET_PASSWORD_LIFETIME, MAGIC_LINK_LIFETIME): expected 60 to 86400 seconds",
            ),
            (
                [
                    tokens.verify_email_seconds,
                    tokens.change_email_seconds,
                    tokens.invitation_seconds,
                ]
                .iter()
                .all(|seconds| (60..=30 * 86_400).contains(seconds)),
                "settings.one_time_tokens (VERIFY_EMAIL_LIFETIME, CHANGE_EMAIL_LIFETIME, INVITATION_LIFETIME): expected \
                 60 to 2592000 seconds",
            ),
            (
                smtp.is_none_or(|smtp| !smtp.host.is_empty() && smtp.port > 0),
                "mailer.smtp (MAILER_HOST, MAILER_PORT): expected a host and a port",
            ),
            (
                smtp.and_then(|smtp| smtp.auth.as_ref())
                    .is_none_or(|auth| auth.user.is_empty() == auth.password.is_empty()),
                "mailer.smtp.auth (MAILER_USER, MAILER_PASSWORD): expected both or none",
            ),
            (
                !(production && is_stub),
                "mailer.stub: not in production, it throws mails away",
            ),
            (
                !production || smtp.is_none_or(|smtp| smtp.tls_mode() != MailerTls::None),
                "mailer.smtp.tls (MAILER_TLS): expected starttls or implicit; no mail travels in clear in production",
            ),
        ];
        failed(&checks)
    }
}

/// The faults of the rules that do not hold.
fn failed(checks: &[(bool, &str)]) -> Vec<String> {
    checks
        .iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, fault)| (*fault).to_string())
        .collect()
}

fn is_color(color: &str) -> bool {
    color
        .strip_prefix('#')
        .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
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
        "auth.jwt.expiration (JWT_EXPIRATION): expected 60 to 86400 seconds",
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
pub fn explain(err: loco_rs::Error, environment: &Environment) -> loco_rs::Error {
    let loco_rs::Error::YAMLFile(err, file) = err else {
        return loco_rs::Error::Message(format!(
            "the environment `{environment}` can't be used: {err}"
        ));
    };
    let path = file.split(" (merged").next().unwrap_or(&file);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut faults: Vec<String> = text.lines().filter_map(variable_fault).collect();
    // A key whose default depends on something has a line for each.
    faults.dedup();
    if faults.is_empty() {
        faults.push(format!("{file}: {}", without_value(&err.to_string())));
    }
    refusal(&faults)
}

/// For a line `key: <%= get_env(name="VARIABLE", default="1") %>`: what is wrong with the variable.
fn variable_fault(line: &str) -> Option<String> {
    let key = line.split(':').next()?.trim();
    if key.starts_with("<%") {
        return None;
    }
    let (variable, rest) = line.split_once("get_env(name=\"")?.1.split_once('"')?;
    let value = environment_variable(variable)?;
    let default = rest.split('"').nth(1).unwrap_or_default();
    if value.contains(['"', '\\']) || value.contains(char::is_control) {
        return Some(format!(
            "{key} ({variable}): must not contain a quote, a backslash or a control character"
        ));
    }
    let expected = if variable == "LOG_LEVEL" {
        (!LOG_LEVELS.contains(&value.as_str())).then_some("off, error, warn, info, debug or trace")
    } else if default.parse::<bool>().is_ok() {
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

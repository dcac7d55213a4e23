//! The walk's HTTP client: a request is built, printed with its answer, and checked.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

/// Long enough for every environment.
pub const PASSWORD: &str = "a walk along the quay";

/// Where a development server shows its mails.
const MAILS: &str = "/_dev/mails";

/// The walk ends at the first thing that is not as the contract says: this sentence says what.
pub type Result<T> = std::result::Result<T, String>;

/// Somebody who did not exist before this run.
pub struct Person {
    pub username: String,
    pub email: String,
    pub phone_number: String,
    role: &'static str,
}

impl Person {
    pub fn new(name: &str, role: &'static str) -> Self {
        let unique = Uuid::now_v7().as_u128() % 1_000_000_000_000;
        Self {
            username: format!("{name}-{unique:012}"),
            email: format!("{name}-{unique:012}@example.com"),
            phone_number: format!("+999{unique:012}"),
            role,
        }
    }

    pub fn registration(&self) -> Value {
        json!({
            "username": self.username,
            "email": self.email,
            "first_name": "Test",
            "last_name": "User",
            "phone_number": self.phone_number,
            "role": self.role,
            "is_active": true,
            "password": PASSWORD,
        })
    }
}

pub struct Server {
    base: String,
    client: Client,
}

impl Server {
    pub fn new(base: &str) -> Result<Self> {
        let client = Client::builder().timeout(Duration::from_secs(30)).build();
        Ok(Self {
            base: base.trim_end_matches('/').to_string(),
            client: client.map_err(|err| format!("there is no HTTP client: {err}"))?,
        })
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        let url = format!("{}{path}", self.base);
        Call {
            line: format!("{:<6} {path}", method.as_str()),
            base: self.base.clone(),
            request: self.client.request(method, url),
        }
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub fn patch(&self, path: &str) -> Call {
        self.call(Method::PATCH, path)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// A session of this person, by the form that OAuth 2.0 clients send.
    pub async fn log_in(&self, person: &Person, password: &str) -> Result<Tokens> {
        let form = [
            ("grant_type", "password"),
            ("username", person.username.as_str()),
            ("password", password),
        ];
        let answer = self.post("/auth/token").form(&form).answers(200).await?;
        if answer.header("cache-control") != Some("no-store") {
            return Err(format!("{}: the token may be cached", answer.line));
        }
        answer.tokens()
    }

    /// The same endpoint, with the refresh token of the answer before.
    pub fn renewal(&self, refresh_token: &str) -> Call {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        self.post("/auth/token").form(&form)
    }

    /// Does this server show the mails that it would have sent? In development it does.
    pub async fn shows_mails(&self) -> Result<bool> {
        Ok(self.mails().await?.is_some())
    }

    /// The token of the link to this page, out of the latest mail to this address that has one. A mail
    /// leaves a moment after the answer.
    pub async fn link_token(&self, to: &str, page: &str) -> Result<String> {
        let link = format!("/{page}?token=");
        for _ in 0..100 {
            let mails = self.mails().await?.unwrap_or_default();
            let mut to_them = mails.iter().filter(|mail| mail["to"] == to);
            let token = to_them.find_map(|mail| {
                let (_, rest) = mail["text"].as_str()?.split_once(&link)?;
                rest.split_whitespace().next()
            });
            if let Some(token) = token {
                return Ok(token.to_string());
            }
            sleep(Duration::from_millis(100)).await;
        }
        Err(format!(
            "{MAILS}: no mail to {to} with a link to {page}. Has the server a MAILER_HOST, or has this \
             machine asked for too many mails?"
        ))
    }

    /// The latest first; `None` when the server does not show them.
    async fn mails(&self) -> Result<Option<Vec<Value>>> {
        let url = format!("{}{MAILS}", self.base);
        let response = self.client.get(url).send().await;
        let response = response.map_err(|err| format!("{MAILS}: no answer: {err}"))?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let mails = response.json().await;
        mails
            .map(Some)
            .map_err(|err| format!("{MAILS}: expected a list: {err}"))
    }
}

/// What a login and a renewal hand out.
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

/// A request that is about to be sent, and the line that is printed for it.
pub struct Call {
    line: String,
    base: String,
    request: RequestBuilder,
}

impl Call {
    pub fn bearer(mut self, token: &str) -> Self {
        self.request = self.request.bearer_auth(token);
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.request = self.request.form(fields);
        self
    }

    pub fn raw(mut self, content_type: &str, body: &'static str) -> Self {
        self.request = self.request.header("content-type", content_type).body(body);
        self
    }

    /// Send it; this status must come back.
    pub async fn answers(self, status: u16) -> Result<Answer> {
        let Self {
            line,
            base,
            request,
        } = self;
        let response = request.send().await.map_err(|err| {
            if err.is_connect() {
                format!(
                    "Nobody answers at {base}. Start a server with `cargo loco start`, \
                     or give the address of one: cargo run --example walkthrough -- http://…"
                )
            } else {
                format!("{line}: no answer: {err}")
            }
        })?;
        let got = response.status();
        let headers = response.headers().clone();
        let text = response.text().await;
        let text = text.map_err(|err| format!("{line}: the answer breaks off: {err}"))?;
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        println!("{line:<67} {} {}", got.as_u16(), summary(&body));
        if got == StatusCode::from_u16(status).unwrap_or_default() {
            Ok(Answer {
                line,
                headers,
                body,
            })
        } else {
            Err(format!("{line}: expected {status}, got {got}: {text}"))
        }
    }

    /// Send it; it must be refused with this status and code, as RFC 9457 says.
    pub async fn refuses(self, status: u16, code: &str) -> Result<Answer> {
        let answer = self.answers(status).await?;
        answer.field("/code", &json!(code))?;
        answer.field("/status", &json!(status))?;
        answer.field("/instance", &json!(answer.header("x-request-id")))?;
        answer.text("/title")?;
        answer.text("/detail")?;
        if status == 401 {
            answer.has_header("www-authenticate")?;
        }
        match answer.header("content-type") {
            Some("application/problem+json") => Ok(answer),
            other => Err(format!("{}: content type {other:?}", answer.line)),
        }
    }
}

/// What an answer says, in a few words and without its secrets.
fn summary(body: &Value) -> String {
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    match body {
        Value::Null => "(no body)".to_string(),
        problem if problem["code"].is_string() => format!("{}: {}", text("code"), text("detail")),
        user if user["username"].is_string() => format!("{} ({})", text("username"), text("role")),
        token if token["access_token"].is_string() => {
            format!("a token for {} seconds", token["expires_in"])
        }
        Value::Array(sessions) => format!("{} sessions", sessions.len()),
        other => other.to_string(),
    }
}

pub struct Answer {
    line: String,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// What stands at this JSON pointer.
    pub fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub fn field(&self, pointer: &str, expected: &Value) -> Result<()> {
        match self.body.pointer(pointer) {
            Some(found) if found == expected => Ok(()),
            Some(found) => Err(format!(
                "{}: {pointer}: expected {expected}, got {found}",
                self.line
            )),
            None => Err(format!("{}: {pointer} is missing", self.line)),
        }
    }

    pub fn text(&self, pointer: &str) -> Result<String> {
        let text = self.at(pointer).as_str().filter(|text| !text.is_empty());
        text.map(str::to_string)
            .ok_or_else(|| format!("{}: {pointer}: expected a text", self.line))
    }

    pub fn tokens(&self) -> Result<Tokens> {
        self.field("/token_type", &json!("bearer"))?;
        Ok(Tokens {
            access: self.text("/access_token")?,
            refresh: self.text("/refresh_token")?,
        })
    }

    /// RFC 3339, UTC, ending in `Z`.
    pub fn time(&self, pointer: &str) -> Result<()> {
        let time = self.text(pointer)?;
        match chrono::DateTime::parse_from_rfc3339(&time) {
            Ok(_) if time.ends_with('Z') => Ok(()),
            _ => Err(format!("{}: {pointer}: expected a UTC time", self.line)),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn has_header(&self, name: &str) -> Result<()> {
        let missing = || format!("{}: the header {name} is missing", self.line);
        self.header(name).map(|_| ()).ok_or_else(missing)
    }
}

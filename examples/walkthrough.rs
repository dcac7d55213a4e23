//! A client's walk through the contract, against a server that is running:
//!
//! ```text
//! cargo run --example walkthrough [http://localhost:5150]
//! ```
//!
//! Each run has names of its own and deletes its accounts at the end.

use std::{process::ExitCode, time::Duration};

use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use uuid::Uuid;

const DEFAULT_BASE: &str = "http://localhost:5150";

/// Long enough for every environment.
const PASSWORD: &str = "a walk along the quay";
const NEW_PASSWORD: &str = "a walk along the river";

/// The walk ends at the first thing that is not as the contract says: this sentence says what.
type Result<T> = std::result::Result<T, String>;

#[tokio::main]
async fn main() -> ExitCode {
    let base = std::env::args().nth(1);
    let base = base.as_deref().unwrap_or(DEFAULT_BASE);
    match walk(base).await {
        Ok(()) => {
            println!("\nEverything is as the contract says.");
            ExitCode::SUCCESS
        }
        Err(stumble) => {
            eprintln!("\n{stumble}");
            ExitCode::FAILURE
        }
    }
}

async fn walk(base: &str) -> Result<()> {
    let server = Server::new(base)?;
    server.get("/_readiness").answers(200).await?;

    let grace = Person::new("grace", "admin");
    let ada = Person::new("ada", "user");
    registration(&server, &grace, &ada).await?;
    let token = tokens(&server, &grace).await?;
    let token = profile(&server, &grace, &token).await?;
    roles(&server, &grace, &ada, &token).await?;
    deletion(&server, &grace, &ada, &token).await
}

/// `POST /auth/register`: the account, and each way to be refused one.
async fn registration(server: &Server, grace: &Person, ada: &Person) -> Result<()> {
    let register = || server.post("/auth/register");

    let user = register().json(&grace.registration()).answers(201).await?;
    user.field("/username", &json!(grace.username))?;
    user.field("/role", &json!("admin"))?;
    user.field("/is_active", &json!(true))?;
    user.field("/updated_at", &Value::Null)?;
    user.field("/deleted_at", &Value::Null)?;
    user.time("/created_at")?;
    register().json(&ada.registration()).answers(201).await?;

    let mut shouting = Person::new("shouting", "user").registration();
    shouting["username"] = json!(grace.username.to_uppercase());
    let taken = register().json(&shouting);
    let taken = taken.refuses(409, "already_taken").await?;
    taken.field("/errors/0/pointer", &json!("/username"))?;

    let faulty = register().json(&json!({"username": "+1", "email": "@", "shoe_size": 39}));
    let faulty = faulty.refuses(422, "validation_failed").await?;
    for (i, pointer) in ["/email", "/password", "/shoe_size", "/username"]
        .iter()
        .enumerate()
    {
        faulty.field(&format!("/errors/{i}/pointer"), &json!(pointer))?;
    }

    register()
        .raw("application/json", "{")
        .refuses(400, "malformed_json")
        .await?;
    register()
        .raw("text/plain", "grace")
        .refuses(415, "unsupported_media_type")
        .await?;
    Ok(())
}

/// `POST /auth/token`: as a form and as JSON, by username, email and phone number.
async fn tokens(server: &Server, grace: &Person) -> Result<String> {
    for identifier in [&grace.username, &grace.email, &grace.phone_number] {
        let credentials = json!({"username": identifier, "password": PASSWORD});
        let login = server.post("/auth/token").json(&credentials);
        login.answers(200).await?;
    }

    let mut refusals = Vec::new();
    for identifier in [grace.username.as_str(), "nobody-at-all"] {
        let credentials = json!({"username": identifier, "password": "not the password"});
        let login = server.post("/auth/token").json(&credentials);
        refusals.push(login.refuses(401, "invalid_credentials").await?);
    }
    let unknown = refusals[1].at("/detail");
    refusals[0].field("/detail", unknown)?;

    server.log_in(grace, PASSWORD).await
}

/// `GET` and `PATCH /v1/api/users/`: the caller's own account.
async fn profile(server: &Server, grace: &Person, token: &str) -> Result<String> {
    for path in ["/v1/api/users/", "/v1/api/users"] {
        let user = server.get(path).bearer(token).answers(200).await?;
        user.field("/username", &json!(grace.username))?;
    }
    let anonymous = server.get("/v1/api/users/");
    anonymous.refuses(401, "invalid_token").await?;

    let changes = json!({"first_name": "Updated", "password": NEW_PASSWORD});
    let patch = server.patch("/v1/api/users/").bearer(token).json(&changes);
    let user = patch.answers(202).await?;
    user.field("/first_name", &json!("Updated"))?;
    let token = server.log_in(grace, NEW_PASSWORD).await?;

    let promotion = json!({"role": "admin"});
    let patch = server.patch("/v1/api/users/").bearer(&token);
    let patch = patch.json(&promotion);
    let refusal = patch.refuses(422, "validation_failed").await?;
    refusal.field("/errors/0/code", &json!("read_only"))?;

    let put = server.call(Method::PUT, "/v1/api/users/").bearer(&token);
    let refusal = put.refuses(405, "method_not_allowed").await?;
    refusal.has_header("allow")?;
    Ok(token)
}

/// What an administrator may see, and a user may not.
async fn roles(server: &Server, grace: &Person, ada: &Person, admin: &str) -> Result<()> {
    let user = server.log_in(ada, PASSWORD).await?;
    let admin_only = || server.get("/v1/api/users/admin-only");
    let answer = admin_only().bearer(admin).answers(200).await?;
    answer.field("/message", &json!("Admin access granted"))?;
    let stranger = admin_only().bearer(&user);
    stranger.refuses(403, "forbidden").await?;

    let by_name = |person: &Person| {
        let name = person.username.to_uppercase();
        server.get(&format!("/v1/api/users/by-username/{name}"))
    };
    let found = by_name(ada).bearer(admin).answers(200).await?;
    let ada_id = found.text("/id")?;
    let found = by_name(grace).bearer(admin).answers(200).await?;
    let grace_id = found.text("/id")?;

    let by_id = |id: &str| server.get(&format!("/v1/api/users/{id}"));
    by_id(&ada_id).bearer(admin).answers(200).await?;
    by_id(&ada_id).bearer(&user).answers(200).await?;
    // Somebody else's account and no account at all: the same answer.
    for id in [grace_id, Uuid::nil().to_string()] {
        by_id(&id).bearer(&user).refuses(404, "not_found").await?;
    }
    let stranger = by_name(grace).bearer(&user);
    stranger.refuses(404, "not_found").await?;
    Ok(())
}

/// `DELETE /v1/api/users/`: gone at once, also for a token that has not expired.
async fn deletion(server: &Server, grace: &Person, ada: &Person, admin: &str) -> Result<()> {
    let user = server.log_in(ada, PASSWORD).await?;
    for token in [&user, admin] {
        let delete = server.call(Method::DELETE, "/v1/api/users/");
        delete.bearer(token).answers(204).await?;
    }
    let ghost = server.get("/v1/api/users/").bearer(&user);
    let refusal = ghost.refuses(404, "user_not_found").await?;
    refusal.field("/detail", &json!("User not found"))?;
    let credentials = json!({"username": grace.username, "password": NEW_PASSWORD});
    let login = server.post("/auth/token").json(&credentials);
    login.refuses(401, "invalid_credentials").await?;
    Ok(())
}

/// Somebody who did not exist before this run.
struct Person {
    username: String,
    email: String,
    phone_number: String,
    role: &'static str,
}

impl Person {
    fn new(name: &str, role: &'static str) -> Self {
        let unique = Uuid::now_v7().as_u128() % 1_000_000_000_000;
        Self {
            username: format!("{name}-{unique:012}"),
            email: format!("{name}-{unique:012}@example.com"),
            phone_number: format!("+999{unique:012}"),
            role,
        }
    }

    fn registration(&self) -> Value {
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

struct Server {
    base: String,
    client: Client,
}

impl Server {
    fn new(base: &str) -> Result<Self> {
        let client = Client::builder().timeout(Duration::from_secs(30)).build();
        Ok(Self {
            base: base.trim_end_matches('/').to_string(),
            client: client.map_err(|err| format!("there is no HTTP client: {err}"))?,
        })
    }

    fn call(&self, method: Method, path: &str) -> Call {
        let url = format!("{}{path}", self.base);
        Call {
            line: format!("{:<6} {path}", method.as_str()),
            base: self.base.clone(),
            request: self.client.request(method, url),
        }
    }

    fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    fn patch(&self, path: &str) -> Call {
        self.call(Method::PATCH, path)
    }

    /// An access token, by the form that OAuth 2.0 clients send.
    async fn log_in(&self, person: &Person, password: &str) -> Result<String> {
        let form = [
            ("grant_type", "password"),
            ("username", person.username.as_str()),
            ("password", password),
        ];
        let answer = self.post("/auth/token").form(&form).answers(200).await?;
        answer.field("/token_type", &json!("bearer"))?;
        if answer.header("cache-control") != Some("no-store") {
            return Err(format!("{}: the token may be cached", answer.line));
        }
        answer.text("/access_token")
    }
}

/// A request that is about to be sent, and the line that is printed for it.
struct Call {
    line: String,
    base: String,
    request: RequestBuilder,
}

impl Call {
    fn bearer(mut self, token: &str) -> Self {
        self.request = self.request.bearer_auth(token);
        self
    }

    fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.request = self.request.form(fields);
        self
    }

    fn raw(mut self, content_type: &str, body: &'static str) -> Self {
        self.request = self.request.header("content-type", content_type).body(body);
        self
    }

    /// Send it; this status must come back.
    async fn answers(self, status: u16) -> Result<Answer> {
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
        println!("{line:<61} {} {}", got.as_u16(), summary(&body));
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
    async fn refuses(self, status: u16, code: &str) -> Result<Answer> {
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
        other => other.to_string(),
    }
}

struct Answer {
    line: String,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// What stands at this JSON pointer.
    fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    fn field(&self, pointer: &str, expected: &Value) -> Result<()> {
        match self.body.pointer(pointer) {
            Some(found) if found == expected => Ok(()),
            Some(found) => Err(format!(
                "{}: {pointer}: expected {expected}, got {found}",
                self.line
            )),
            None => Err(format!("{}: {pointer} is missing", self.line)),
        }
    }

    fn text(&self, pointer: &str) -> Result<String> {
        let text = self.at(pointer).as_str().filter(|text| !text.is_empty());
        text.map(str::to_string)
            .ok_or_else(|| format!("{}: {pointer}: expected a text", self.line))
    }

    /// RFC 3339, UTC, ending in `Z`.
    fn time(&self, pointer: &str) -> Result<()> {
        let time = self.text(pointer)?;
        match chrono::DateTime::parse_from_rfc3339(&time) {
            Ok(_) if time.ends_with('Z') => Ok(()),
            _ => Err(format!("{}: {pointer}: expected a UTC time", self.line)),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn has_header(&self, name: &str) -> Result<()> {
        let missing = || format!("{}: the header {name} is missing", self.line);
        self.header(name).map(|_| ()).ok_or_else(missing)
    }
}

//! A client of Rollcall with reqwest: logs in, reads pages, renews its session, understands refusals.

use std::{env, error::Error, fmt, time::Duration};

use reqwest::{Method, RequestBuilder, header::RETRY_AFTER};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// An answer of 400 and above (RFC 9457): `code` is for programs, `detail` for people.
#[derive(Debug, Deserialize)]
struct Problem {
    status: u16,
    code: String,
    detail: String,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Debug, Deserialize)]
struct Fault {
    pointer: String,
    code: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.detail)?;
        let mut faults = self.errors.iter();
        faults.try_for_each(|fault| write!(f, "\n  {} {}", fault.pointer, fault.code))
    }
}

impl Error for Problem {}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What was refused, where it was that and nothing worse.
fn refusal<T>(answer: Result<T>) -> Result<Problem> {
    match answer {
        Err(error) => Ok(*error.downcast::<Problem>()?),
        Ok(_) => Err("expected a refusal".into()),
    }
}

#[derive(Default, Deserialize)]
struct Tokens {
    access_token: String,
    refresh_token: String,
}

#[derive(Deserialize)]
struct User {
    username: String,
    role: String,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<User>,
    next: Option<String>,
}

struct Client {
    base: String,
    http: reqwest::Client,
    tokens: Tokens,
}

impl Client {
    async fn log_in(base: String, username: &str, password: &str) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30));
        let mut client = Self {
            base,
            http: http.build()?,
            tokens: Tokens::default(),
        };
        let form = [("username", username), ("password", password)];
        client.grant("password", &form).await?;
        Ok(client)
    }

    async fn renew(&mut self) -> Result<()> {
        let form = [("refresh_token", &*self.tokens.refresh_token.clone())];
        self.grant("refresh_token", &form).await
    }

    async fn grant(&mut self, kind: &str, form: &[(&str, &str)]) -> Result<()> {
        let url = format!("{}/auth/token", self.base);
        let form = [&[("grant_type", kind)], form].concat();
        // The next refresh token comes with it; the one before is spent, and sending it again ends the session.
        self.tokens = send(&self.http.post(url).form(&form), false).await?;
        Ok(())
    }

    /// As the account that is logged in. An access token lives for minutes: where it is refused, the session is
    /// renewed and the request made once more.
    async fn call<T: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T> {
        let answer = self.once(&method, path, body).await;
        let problem = answer
            .as_ref()
            .err()
            .and_then(|e| e.downcast_ref::<Problem>());
        if problem.is_none_or(|problem| problem.code != "invalid_token") {
            return answer;
        }
        self.renew().await?;
        self.once(&method, path, body).await
    }

    async fn once<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T> {
        let url = format!("{}{path}", self.base);
        let request = self.http.request(method.clone(), url);
        let request = request.bearer_auth(&self.tokens.access_token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        send(&request, *method == Method::GET).await
    }
}

async fn send<T: DeserializeOwned>(request: &RequestBuilder, changes_nothing: bool) -> Result<T> {
    let mut attempt = 1;
    loop {
        let request = request.try_clone().ok_or("a body that can be sent again")?;
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let wait = answer.headers().get(RETRY_AFTER);
        let seconds = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
        let body = answer.bytes().await?;
        match status {
            204 => return Ok(serde_json::from_value(Value::Null)?),
            200..300 => return Ok(serde_json::from_slice(&body)?),
            // Nothing was done, and the answer says when to come again.
            429 if attempt < 3 => {}
            // So does this one, but what may have begun is only asked again where that changes nothing.
            503 if attempt < 3 && changes_nothing => {}
            _ => return Err(Box::new(serde_json::from_slice::<Problem>(&body)?)),
        }
        tokio::time::sleep(Duration::from_secs(seconds.unwrap_or(1))).await;
        attempt += 1;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client of its own, which has no config/"
)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let base = env::var("ROLLCALL_URL").unwrap_or_else(|_| "http://localhost:5150".to_owned());
    let username = env::args().nth(1).ok_or("a username")?;
    let mut client = Client::log_in(base, &username, &env::var("ROLLCALL_PASSWORD")?).await?;
    let me: User = client.call(Method::GET, "/v1/api/users", None).await?;
    println!("logged in as {}, {}", me.username, me.role);

    let first = "/v1/api/admin/users?sort=username&limit=2";
    let mut path = Some(first.to_owned());
    while let Some(this) = path {
        let page: Page = client.call(Method::GET, &this, None).await?;
        let names: Vec<_> = page.items.into_iter().map(|item| item.username).collect();
        println!("page: {}", names.join(", "));
        // A cursor is good for the filters and the order that it was given with.
        path = page.next.map(|next| format!("{first}&cursor={next}"));
    }

    let wrong = json!({"first_name": 7, "nickname": "root"});
    let answer = client
        .call::<User>(Method::PATCH, "/v1/api/users", Some(&wrong))
        .await;
    println!("{}", refusal(answer)?);

    "expired".clone_into(&mut client.tokens.access_token);
    let spent = client.tokens.refresh_token.clone();
    client
        .call::<User>(Method::GET, "/v1/api/users", None)
        .await?;
    if client.tokens.refresh_token != spent {
        println!("renewed, and asked again");
    }

    client
        .call::<()>(Method::POST, "/auth/logout", None)
        .await?;
    println!("{}", refusal(client.renew().await)?);
    Ok(())
}

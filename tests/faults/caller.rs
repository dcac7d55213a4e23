//! Somebody on the other side of a socket, who may get no answer at all.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, Request};
use serde_json::{Value, json};

use crate::{runs::PASSWORD, support::server::Server};

#[derive(Clone)]
pub struct Caller {
    http: Client,
    base: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<u64>,
    pub took: Duration,
}

impl Caller {
    pub fn of(server: &Server) -> Self {
        Self {
            http: Client::new(),
            base: server.base().to_string(),
        }
    }

    /// `None` when the connection was refused or broke: what was asked may or may not be done.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Option<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.answer(request.build().expect("a request")).await
    }

    async fn answer(&self, request: Request) -> Option<Answer> {
        let started = Instant::now();
        let answer = self.http.execute(request).await.ok()?;
        let status = answer.status().as_u16();
        let seconds = answer.headers().get("retry-after");
        let seconds = seconds.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        // An answer that is cut is none.
        let text = answer.text().await.ok()?;
        Some(Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
            retry_after: seconds,
            took: started.elapsed(),
        })
    }

    pub async fn get(&self, path: &str, token: Option<&str>) -> Option<Answer> {
        self.send(Method::GET, path, token, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Option<Answer> {
        self.send(Method::POST, path, None, Some(body)).await
    }

    pub async fn register(&self, name: &str) -> Option<Answer> {
        let body = json!({
            "username": name,
            "email": format!("{name}@example.com"),
            "password": PASSWORD,
        });
        self.post("/auth/register", body).await
    }

    pub async fn log_in(&self, name: &str, password: &str) -> Option<Answer> {
        let body = json!({"username": name, "password": password});
        self.post("/auth/token", body).await
    }

    pub async fn renew(&self, refresh_token: &str) -> Option<Answer> {
        let body = json!({"grant_type": "refresh_token", "refresh_token": refresh_token});
        self.post("/auth/token", body).await
    }

    /// An account and the tokens of its first session.
    pub async fn member(&self, name: &str) -> Value {
        self.person(name, "user").await
    }

    /// As [`Caller::member`], where registration allows administrators.
    pub async fn admin(&self, name: &str) -> Value {
        self.person(name, "admin").await
    }

    async fn person(&self, name: &str, role: &str) -> Value {
        let body = json!({
            "username": name,
            "email": format!("{name}@example.com"),
            "password": PASSWORD,
            "role": role,
        });
        let made = self.post("/auth/register", body).await.expect("an answer");
        assert_eq!(made.status, 201, "{made:?}");
        let tokens = self.log_in(name, PASSWORD).await.expect("an answer");
        assert_eq!(tokens.status, 200, "{tokens:?}");
        tokens.body
    }
}

impl Answer {
    /// Not now, and when to come again.
    pub fn is_put_off(&self) -> bool {
        matches!(self.status, 429 | 503) && self.retry_after.is_some_and(|s| (1..=60).contains(&s))
    }

    pub fn text(&self, field: &str) -> String {
        let text = self.body[field].as_str();
        text.unwrap_or_else(|| panic!("no {field}: {self:?}"))
            .to_string()
    }
}

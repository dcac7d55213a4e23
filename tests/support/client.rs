use std::net::SocketAddr;

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, HeaderName, Method, Request, header},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// Somebody who calls the service, with or without a token.
#[derive(Clone)]
pub struct Client {
    router: Router,
    token: Option<String>,
    refresh_token: Option<String>,
    /// Sent with every request.
    headers: HeaderMap,
    peer: Option<SocketAddr>,
    /// What registration answered, for a persona.
    pub user: Value,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body, where it is JSON; null where it is not.
    pub body: Value,
    pub text: String,
}

impl Client {
    pub fn new(router: Router) -> Self {
        Self {
            router,
            token: None,
            refresh_token: None,
            headers: HeaderMap::new(),
            peer: None,
            user: Value::Null,
        }
    }

    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_string());
        self
    }

    /// With the tokens of this answer.
    pub fn with_tokens(mut self, granted: &Answer) -> Self {
        self.token = Some(granted.text_of("access_token").to_string());
        self.refresh_token = Some(granted.text_of("refresh_token").to_string());
        self
    }

    /// With this header in every request.
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.insert(name, value.parse().expect("a header"));
        self
    }

    /// With a client's credentials, encoded as RFC 6749, section 2.3.1, has it.
    pub fn with_basic(self, id: &str, secret: &str) -> Self {
        let encoded = |part: &str| {
            let pair = serde_urlencoded::to_string([("", part)]).expect("a form");
            pair[1..].to_string()
        };
        let credentials = BASE64.encode(format!("{}:{}", encoded(id), encoded(secret)));
        self.with(header::AUTHORIZATION, &format!("Basic {credentials}"))
    }

    /// Connected from this address.
    pub fn at(mut self, address: &str) -> Self {
        let address = address.parse().expect("an address");
        self.peer = Some(SocketAddr::new(address, 40_000));
        self
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a token")
    }

    pub fn refresh_token(&self) -> &str {
        self.refresh_token.as_deref().expect("a refresh token")
    }

    /// Log in on this client; its own tokens stay as they are.
    pub async fn log_in(&self, identifier: &str, password: &str) -> Answer {
        let credentials = json!({"username": identifier, "password": password});
        self.post("/auth/token", credentials).await
    }

    /// Renew with this token.
    pub async fn refresh(&self, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let form = serde_urlencoded::to_string(form).expect("a form");
        self.form("/auth/token", &form).await
    }

    /// Is the access token still good for something?
    pub async fn is_in(&self) -> bool {
        match self.get("/v1/api/users/").await.status {
            200 => true,
            401 | 404 => false,
            status => panic!("neither in nor out: {status}"),
        }
    }

    pub fn id(&self) -> &str {
        self.user["id"].as_str().expect("an id")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Body::empty()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(
            Method::POST,
            path,
            Some("application/json"),
            body.to_string(),
        )
        .await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(
            Method::PATCH,
            path,
            Some("application/json"),
            body.to_string(),
        )
        .await
    }

    /// A form, already encoded.
    pub async fn form(&self, path: &str, body: &str) -> Answer {
        self.send(
            Method::POST,
            path,
            Some("application/x-www-form-urlencoded"),
            body.to_string(),
        )
        .await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        self.raw(request.body(body.into()).expect("a request"))
            .await
    }

    /// Exactly this request.
    pub async fn raw(&self, mut request: Request<Body>) -> Answer {
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

impl Answer {
    /// Assert that this is a problem as the contract describes it: this status, this code.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) -> &Self {
        assert_eq!(
            (self.status, &self.body["code"]),
            (status, &Value::from(code)),
            "{self:?}"
        );
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(
            self.body["instance"],
            self.headers["x-request-id"].to_str().expect("an id")
        );
        for field in ["type", "title", "detail"] {
            assert!(
                self.body[field]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{field}: {self:?}"
            );
        }
        self
    }

    /// This field of the body, a string.
    #[track_caller]
    pub fn text_of(&self, field: &str) -> &str {
        let text = self.body[field].as_str();
        text.unwrap_or_else(|| panic!("no {field}: {self:?}"))
    }

    /// The seconds of `Retry-After`.
    #[track_caller]
    pub fn retry_after(&self) -> u64 {
        let seconds = self.headers.get("retry-after").expect("Retry-After");
        let seconds = seconds.to_str().expect("text");
        seconds.parse().expect("whole seconds")
    }

    /// Status and body, without what differs from one request to the next.
    pub fn seen(&self) -> (u16, Value) {
        let mut body = self.body.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("instance");
        }
        (self.status, body)
    }

    /// The value of the device cookie that this answer sets.
    pub fn device(&self) -> Option<&str> {
        let cookie = self.headers.get("set-cookie")?.to_str().expect("text");
        let pair = cookie.split(';').next()?;
        pair.strip_prefix("rollcall_device=")
    }

    /// The pointers of a 422, in order.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().expect("errors");
        errors
            .iter()
            .map(|fault| fault["pointer"].as_str().expect("a pointer"))
            .collect()
    }
}

//! A service on PostgreSQL that is asked for one of each kind of thing, again and again.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    caller::{Answer, Caller},
    runs::{PASSWORD, UNLIMITED},
    support::server::{Ground, Server},
};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// What is known of callers in memory counts for so long.
const REMEMBERED: Duration = Duration::from_secs(1);
/// As promised.
pub const BACK_WITHIN: Duration = Duration::from_secs(5);

pub struct Kind {
    pub method: Method,
    pub path: &'static str,
    pub token: Option<String>,
    pub body: Option<Value>,
    /// Where the database is there.
    pub status: u16,
}

/// A service that has something to lose.
pub struct Service {
    _server: Server,
    pub caller: Caller,
    pub admin: Value,
    pub ada: Value,
    /// The latest of a session that does nothing but renew itself.
    refresh: Mutex<String>,
}

impl Service {
    pub async fn start(ground: &Ground, database: &str) -> Self {
        let variables = [
            &[("DATABASE_URL", database), ("REQUEST_TIMEOUT", "5000")],
            &UNLIMITED[..],
        ];
        let server = ground.start(&[], &variables.concat()).await;
        let caller = Caller::of(&server);
        let (admin, ada) = (caller.admin("root").await, caller.member("ada").await);
        // So that there are several connections that can fail.
        let names: Vec<_> = (0..12).map(|n| format!("early-{n}")).collect();
        let made = join_all(names.iter().map(|name| caller.register(name))).await;
        assert!(made.iter().flatten().all(|answer| answer.status == 201));
        let bob = caller.member("bob").await;
        Self {
            _server: server,
            caller,
            admin,
            ada,
            refresh: Mutex::new(refresh_token(&bob)),
        }
    }

    /// One of each kind of request.
    pub fn kinds(&self) -> Vec<Kind> {
        let text = |tokens: &Value, field: &str| tokens[field].as_str().map(ToString::to_string);
        let ada = text(&self.ada, "access_token");
        let admin = text(&self.admin, "access_token");
        let refresh = self.refresh.lock().expect("a token").clone();
        let login = |name: &str| Some(json!({"username": name, "password": PASSWORD}));
        let name = uuid::Uuid::now_v7().simple().to_string();
        let account = json!({
            "username": name, "email": format!("{name}@example.com"), "password": PASSWORD,
        });
        let kind = |method: Method, path, token: &Option<String>, body, status| Kind {
            method,
            path,
            token: token.clone(),
            body,
            status,
        };
        let (get, post) = (Method::GET, Method::POST);
        vec![
            kind(post.clone(), "/auth/token", &None, login("ada"), 200),
            kind(post.clone(), "/auth/token", &None, login("nobody"), 401),
            kind(
                post.clone(),
                "/auth/token",
                &None,
                Some(json!({"grant_type": "refresh_token", "refresh_token": refresh})),
                200,
            ),
            kind(
                post.clone(),
                "/auth/register",
                &None,
                Some(account.clone()),
                201,
            ),
            kind(
                post.clone(),
                "/auth/password/forgot",
                &None,
                Some(json!({"email": "ada@example.com"})),
                202,
            ),
            kind(
                post,
                "/auth/register",
                &admin,
                Some(
                    json!({"username": format!("{name}2"), "email": format!("{name}2@example.com"), "password": PASSWORD}),
                ),
                201,
            ),
            kind(
                Method::PATCH,
                "/v1/api/users",
                &ada,
                Some(json!({"first_name": name})),
                202,
            ),
            kind(get.clone(), "/v1/api/users", &ada, None, 200),
            kind(get.clone(), "/v1/api/users/sessions", &ada, None, 200),
            kind(
                get.clone(),
                "/v1/api/users/by-username/nobody",
                &admin,
                None,
                404,
            ),
            kind(get, "/v1/api/admin/users", &admin, None, 200),
        ]
    }

    /// All kinds at once.
    pub async fn ask(&self) -> Vec<(Kind, Answer)> {
        let asked = self.kinds().into_iter().map(|kind| async move {
            let token = kind.token.as_deref();
            let answer = self
                .caller
                .send(kind.method.clone(), kind.path, token, kind.body.clone());
            let answer = answer.await.expect("an answer");
            if answer.body["refresh_token"].is_string() && kind.renews() {
                *self.refresh.lock().expect("a token") = refresh_token(&answer.body);
            }
            (kind, answer)
        });
        join_all(asked).await
    }

    pub async fn status(&self, path: &str) -> u16 {
        self.caller.get(path, None).await.expect("an answer").status
    }

    /// All of these accounts are there.
    pub async fn has(&self, names: &[String]) {
        assert!(!names.is_empty(), "nothing was acknowledged");
        for name in names {
            let login = self.caller.log_in(name, PASSWORD).await;
            let login = login.expect("an answer");
            assert_eq!(login.status, 200, "{name} was acknowledged: {login:?}");
        }
    }

    /// While the database is away.
    pub async fn puts_everything_off(&self, since: Instant) {
        let asked = since.elapsed();
        for (kind, answer) in self.ask().await {
            let remembered = kind.method == Method::GET && kind.status == 200 && asked < REMEMBERED;
            assert!(
                (answer.status == 503 && answer.is_put_off())
                    || (remembered && answer.status == 200),
                "{} {} after {asked:?}: {answer:?}",
                kind.method,
                kind.path
            );
            assert!(
                answer.took < REQUEST_TIMEOUT + Duration::from_secs(1),
                "{} {}: {answer:?}",
                kind.method,
                kind.path
            );
        }
    }

    /// Everything works again; since when?
    pub async fn is_back(&self, since: Instant) -> Duration {
        let mut back = None;
        while since.elapsed() < BACK_WITHIN {
            let answers = self.ask().await;
            let is_right = answers
                .iter()
                .all(|(kind, answer)| answer.status == kind.status);
            back = is_right.then(|| back.unwrap_or(since.elapsed()));
            sleep(Duration::from_millis(100)).await;
        }
        for (kind, answer) in self.ask().await {
            assert_eq!(
                answer.status, kind.status,
                "{} {} {:?}: {answer:?}",
                kind.method, kind.path, kind.body
            );
        }
        assert_eq!(self.status("/_readiness").await, 200);
        back.expect("it was back before")
    }
}

impl Kind {
    fn renews(&self) -> bool {
        let body = self.body.as_ref();
        body.is_some_and(|body| body["grant_type"] == "refresh_token")
    }
}

fn refresh_token(tokens: &Value) -> String {
    let token = tokens["refresh_token"].as_str();
    token.expect("a token").to_string()
}

/// One account after the other. Which were acknowledged, and how often was it put off?
pub async fn register_for(caller: Caller, time: Duration) -> (Vec<String>, usize) {
    let (mut made, mut put_off) = (Vec::new(), 0);
    let started = Instant::now();
    while started.elapsed() < time {
        let name = uuid::Uuid::now_v7().simple().to_string();
        let answer = caller.register(&name).await.expect("an answer");
        if answer.status == 201 {
            made.push(name);
        } else {
            assert!(answer.is_put_off(), "{answer:?}");
            put_off += 1;
        }
    }
    (made, put_off)
}

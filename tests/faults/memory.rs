//! Somebody who uses the service, and remembers each answer.

use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::{PASSWORD, rows::random};

/// A value that is known, unless a change was asked for and not answered: then one of two.
#[derive(Clone, Debug)]
pub struct Field {
    known: String,
    asked: Option<String>,
}

impl Field {
    fn new(known: String) -> Self {
        Self { known, asked: None }
    }

    pub fn asks(&mut self, value: String) {
        self.asked = Some(value);
    }

    pub fn was_acknowledged(&mut self) {
        self.known = self.asked.take().expect("what was asked");
    }

    pub fn may_be(&self, value: &str) -> bool {
        self.known == value || self.asked.as_deref() == Some(value)
    }

    pub fn known(&self) -> &str {
        &self.known
    }
}

/// Is it so? Asked for and not answered, nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    No,
    Asked,
    Yes,
}

#[derive(Clone, Debug)]
struct Session {
    access: String,
    refresh: String,
    ended: Fact,
    /// A renewal was asked for and not answered.
    renewing: bool,
}

/// An account, as far as answers told of it.
#[derive(Clone, Debug)]
pub struct Person {
    name: String,
    id: String,
    pub password: Field,
    first_name: Field,
    registered: Fact,
    /// Suspended or deleted.
    out: Fact,
    sessions: Vec<Session>,
}

impl Person {
    pub fn new(name: String, password: String) -> Self {
        Self {
            name,
            id: String::new(),
            password: Field::new(password),
            first_name: Field::new(String::new()),
            registered: Fact::Asked,
            out: Fact::No,
            sessions: Vec::new(),
        }
    }
}

pub struct Caller {
    http: Client,
    base: String,
    n: usize,
}

impl Caller {
    pub fn new(base: &str, n: usize) -> Self {
        Self {
            http: Client::new(),
            base: base.to_string(),
            n,
        }
    }

    /// The answer, unless the process was killed before it came.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Value,
    ) -> Option<(u16, Value)> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.text().await.ok()?;
        assert!(status < 500, "{path}: {status} {body}");
        Some((status, serde_json::from_str(&body).unwrap_or_default()))
    }

    /// An administrator's access token.
    pub async fn admin(&self, round: usize) -> String {
        let name = format!("root-{round}");
        let body = json!({
            "username": name, "email": format!("{name}@example.com"), "password": PASSWORD, "role": "admin",
        });
        let (status, body) = self
            .ask(Method::POST, "/auth/register", None, body)
            .await
            .expect("an answer");
        assert_eq!(status, 201, "{body}");
        let session = self.log_in(&name, PASSWORD).await.expect("an answer");
        session.expect("a session").access
    }

    async fn log_in(&self, name: &str, password: &str) -> Option<Option<Session>> {
        let body = json!({"username": name, "password": password});
        let (status, tokens) = self.ask(Method::POST, "/auth/token", None, body).await?;
        let text = |field: &str| tokens[field].as_str().unwrap_or_default().to_string();
        Some((status == 200).then(|| Session {
            access: text("access_token"),
            refresh: text("refresh_token"),
            ended: Fact::No,
            renewing: false,
        }))
    }

    /// Change something, again and again; all that is known in the end, and how many answers there were.
    pub async fn live(&self, admin: &str, stop: &AtomicBool) -> (Vec<Person>, usize) {
        let mut people = Vec::new();
        let mut answers = 0;
        'people: for n in 0.. {
            let mut person = Person::new(format!("p-{}-{n}", self.n), PASSWORD.to_string());
            let goes_on = self.register(&mut person).await.is_some();
            people.push(person);
            if !goes_on {
                break;
            }
            answers += 2;
            let person = people.last_mut().expect("the last one");
            for _ in 0..8 {
                if stop.load(Ordering::Relaxed) || self.change(person, admin).await.is_none() {
                    break 'people;
                }
                answers += 1;
                if person.out != Fact::No {
                    break;
                }
            }
        }
        (people, answers)
    }

    async fn register(&self, person: &mut Person) -> Option<()> {
        let body = json!({
            "username": person.name, "email": format!("{}@example.com", person.name),
            "password": PASSWORD, "first_name": "first",
        });
        person.first_name = Field::new("first".into());
        let (status, body) = self.ask(Method::POST, "/auth/register", None, body).await?;
        assert_eq!(status, 201, "{body}");
        person.id = body["id"].as_str().expect("an id").to_string();
        person.registered = Fact::Yes;
        let session = self.log_in(&person.name, PASSWORD).await?;
        person.sessions.push(session.expect("a session"));
        Some(())
    }

    /// One change that the account allows now.
    async fn change(&self, person: &mut Person, admin: &str) -> Option<()> {
        let live = person
            .sessions
            .iter()
            .rposition(|session| session.ended == Fact::No);
        let Some(live) = live else {
            let session = self.log_in(&person.name, person.password.known()).await?;
            person.sessions.push(session.expect("a session"));
            return Some(());
        };
        let token = person.sessions[live].access.clone();
        let path = "/v1/api/users/";
        match random() % 12 {
            0..=3 => {
                let name = format!("n{}", random());
                person.first_name.asks(name.clone());
                let body = json!({"first_name": name});
                let (status, body) = self.ask(Method::PATCH, path, Some(&token), body).await?;
                assert_eq!(status, 202, "{body}");
                person.first_name.was_acknowledged();
            }
            4..=5 => {
                let session = &mut person.sessions[live];
                session.renewing = true;
                let body = json!({"grant_type": "refresh_token", "refresh_token": session.refresh});
                let (status, body) = self.ask(Method::POST, "/auth/token", None, body).await?;
                assert_eq!(status, 200, "{body}");
                session.renewing = false;
                session.access = body["access_token"].as_str().expect("a token").into();
                session.refresh = body["refresh_token"].as_str().expect("a token").into();
            }
            6 => {
                let session = self.log_in(&person.name, person.password.known()).await?;
                person.sessions.push(session.expect("a session"));
            }
            7..=8 => {
                let password = format!("another horse battery {}", random());
                person.password.asks(password.clone());
                for (n, session) in person.sessions.iter_mut().enumerate() {
                    if n != live && session.ended == Fact::No {
                        session.ended = Fact::Asked;
                    }
                }
                let body =
                    json!({"password": password, "current_password": person.password.known()});
                let (status, body) = self.ask(Method::PATCH, path, Some(&token), body).await?;
                assert_eq!(status, 202, "{body}");
                person.password.was_acknowledged();
                for session in &mut person.sessions {
                    if session.ended == Fact::Asked {
                        session.ended = Fact::Yes;
                    }
                }
            }
            9 => {
                person.sessions[live].ended = Fact::Asked;
                let logout = "/auth/logout";
                let (status, _) = self
                    .ask(Method::POST, logout, Some(&token), Value::Null)
                    .await?;
                assert_eq!(status, 204);
                person.sessions[live].ended = Fact::Yes;
            }
            10 => {
                person.out = Fact::Asked;
                let (status, _) = self
                    .ask(Method::DELETE, path, Some(&token), Value::Null)
                    .await?;
                assert_eq!(status, 204);
                person.out = Fact::Yes;
            }
            _ => {
                person.out = Fact::Asked;
                let path = format!("/v1/api/admin/users/{}/suspension", person.id);
                let body = json!({"reason": "chance"});
                let (status, body) = self.ask(Method::PUT, &path, Some(admin), body).await?;
                assert!(status < 300, "{status} {body}");
                person.out = Fact::Yes;
            }
        }
        Some(())
    }

    /// Is it as it was acknowledged?
    pub async fn finds(&self, person: &Person) {
        let passwords = [
            Some(person.password.known()),
            person.password.asked.as_deref(),
        ];
        let mut session = None;
        for password in passwords.into_iter().flatten() {
            let opened = self
                .log_in(&person.name, password)
                .await
                .expect("an answer");
            session = session.or(opened);
        }
        match (person.registered, person.out) {
            (Fact::Yes, Fact::No) => assert!(session.is_some(), "cannot log in: {person:?}"),
            (_, Fact::Yes) => assert!(session.is_none(), "logs in again: {person:?}"),
            _ => {}
        }
        if let Some(session) = &session {
            let own = self.ask(
                Method::GET,
                "/v1/api/users/",
                Some(&session.access),
                Value::Null,
            );
            let (status, body) = own.await.expect("an answer");
            assert_eq!(status, 200, "{body}");
            let first_name = body["first_name"].as_str().unwrap_or_default();
            assert!(
                person.first_name.may_be(first_name),
                "{first_name}: {person:?}"
            );
        }
        for known in &person.sessions {
            let own = self.ask(
                Method::GET,
                "/v1/api/users/",
                Some(&known.access),
                Value::Null,
            );
            let (status, _) = own.await.expect("an answer");
            match (known.ended, person.out) {
                (Fact::Yes, _) | (_, Fact::Yes) => {
                    // A deleted account is not found.
                    assert!(
                        status == 401 || status == 404,
                        "{status}: an ended session of {person:?}"
                    );
                }
                (Fact::No, Fact::No) => assert_eq!(status, 200, "a session of {person:?}"),
                _ => {}
            }
            if known.ended == Fact::No && person.out == Fact::No && !known.renewing {
                let body = json!({"grant_type": "refresh_token", "refresh_token": known.refresh});
                let (status, body) = self
                    .ask(Method::POST, "/auth/token", None, body)
                    .await
                    .expect("an answer");
                assert_eq!(status, 200, "{body}: a refresh token of {person:?}");
            }
        }
    }
}

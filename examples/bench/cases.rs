//! What is measured, and who is asked.

use crate::{
    Result, data,
    load::{Kind, connect, send},
    process::Server,
};

/// Accounts that are logged in on each server.
const SESSIONS: u64 = 64;

pub struct Case {
    pub name: &'static str,
    pub kind: fn(&Logins) -> Kind,
    pub connections: usize,
    pub rate: Option<f64>,
    /// Does it matter whether sessions are kept in memory?
    pub by_cache: bool,
    /// The least ratio to the limit: with sessions in memory on PostgreSQL and SQLite, without on either.
    pub goal: Option<(f64, f64, f64)>,
    /// Is it also for a smoke run?
    pub quick: bool,
}

const CASE: Case = Case {
    name: "",
    kind: |_| Kind::Ping,
    connections: 32,
    rate: None,
    by_cache: false,
    goal: None,
    quick: false,
};

pub const CASES: &[Case] = &[
    Case {
        name: "current user",
        kind: Logins::current_user,
        by_cache: true,
        goal: Some((1.4, 1.2, 0.8)),
        quick: true,
        ..CASE
    },
    Case {
        name: "current user, 256 connections",
        kind: Logins::current_user,
        connections: 256,
        by_cache: true,
        ..CASE
    },
    Case {
        name: "current user at 1,000/s",
        kind: Logins::current_user,
        rate: Some(1000.0),
        by_cache: true,
        ..CASE
    },
    Case {
        name: "current user at 4,000/s",
        kind: Logins::current_user,
        rate: Some(4000.0),
        by_cache: true,
        ..CASE
    },
    Case {
        name: "introspect",
        kind: |logins| Kind::Introspect(logins.access_tokens.clone()),
        by_cache: true,
        goal: Some((0.85, 0.85, 0.85)),
        quick: true,
        ..CASE
    },
    Case {
        name: "refresh",
        kind: |logins| Kind::Renew(logins.refresh_tokens.clone()),
        goal: Some((0.7, 0.7, 0.7)),
        quick: true,
        ..CASE
    },
    Case {
        name: "PATCH",
        kind: |logins| Kind::Patch(logins.access_tokens.clone()),
        quick: true,
        ..CASE
    },
    Case {
        name: "password login",
        kind: Logins::log_in,
        goal: Some((0.95, 0.95, 0.95)),
        quick: true,
        ..CASE
    },
    Case {
        name: "registration",
        kind: |_| Kind::Register(unique()),
        goal: Some((0.95, 0.95, 0.95)),
        quick: true,
        ..CASE
    },
];

/// Somebody who is logged in on a server, some dozens of times.
pub struct Logins {
    accounts: u64,
    pub access_tokens: Vec<String>,
    pub refresh_tokens: Vec<String>,
    /// What each is answered as the current user, verified.
    answers: Vec<String>,
}

impl Logins {
    /// Log in, and look at every kind of answer that will be counted.
    pub async fn on(server: &Server, accounts: u64) -> Result<Self> {
        let mut logins = Self {
            accounts,
            access_tokens: Vec::new(),
            refresh_tokens: Vec::new(),
            answers: Vec::new(),
        };
        let mut sender = connect(server.port).await?;
        for nth in 0..SESSIONS.min(accounts) {
            let log_in = Kind::LogIn(vec![data::username(nth)]);
            let (status, body) = send(&mut sender, log_in.request(0, 0)?).await?;
            let tokens: serde_json::Value = serde_json::from_slice(&body)?;
            let text = |name: &str| tokens[name].as_str().map(ToString::to_string);
            let answer = format!("{}: {status} {tokens}", server.name);
            let access_token = text("access_token").ok_or(answer.clone())?;
            let current = Kind::CurrentUser(vec![(access_token.clone(), String::new())]);
            let (status, body) = send(&mut sender, current.request(0, 0)?).await?;
            let user: serde_json::Value = serde_json::from_slice(&body)?;
            let is_right = status == 200
                && user["username"] == data::username(nth)
                && user["email"] == format!("{}@example.com", data::username(nth))
                && user["role"] == "user"
                && user["is_active"] == true;
            if !is_right {
                return Err(format!("{}: {status} {user}", server.name).into());
            }
            logins.access_tokens.push(access_token);
            logins
                .refresh_tokens
                .push(text("refresh_token").ok_or(answer)?);
            logins.answers.push(String::from_utf8(body.into())?);
        }
        Ok(logins)
    }

    pub fn current_user(&self) -> Kind {
        let tokens = self.access_tokens.iter().cloned();
        Kind::CurrentUser(tokens.zip(self.answers.iter().cloned()).collect())
    }

    /// A thousand accounts at most, from all over the table: each connection of the load has the list.
    pub fn log_in(&self) -> Kind {
        let count = self.accounts.min(1_000);
        let each = (0..count).map(|nth| data::username(nth * self.accounts / count));
        Kind::LogIn(each.collect())
    }
}

/// No other registration's.
fn unique() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("new{}", &id[..12])
}

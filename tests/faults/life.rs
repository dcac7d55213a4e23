//! An account from its registration on, and what is known of it by its owner: everything that was
//! acknowledged, and the one request that may not have been.

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Answer, Caller};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Register,
    LogIn,
    /// The n-th name is `n<n>`.
    Rename,
    ChangePassword,
    Renew,
    LogOut,
    Suspend,
    Delete,
}

/// In this order, over and over; the sessions of the first one outlive the others.
const STEPS: [Step; 8] = [
    Step::LogIn,
    Step::Rename,
    Step::LogIn,
    Step::Renew,
    Step::LogOut,
    Step::Rename,
    Step::ChangePassword,
    Step::Renew,
];

#[derive(Clone, Debug)]
pub struct Session {
    pub access: String,
    pub refresh: String,
}

#[derive(Clone, Debug)]
pub struct Life {
    pub name: String,
    pub id: String,
    /// Acknowledged: so many changes of each.
    pub names: usize,
    pub passwords: usize,
    pub open: Vec<Session>,
    pub over: Vec<Session>,
    pub suspended: bool,
    pub deleted: bool,
    /// Asked for, and never answered.
    pub in_flight: Option<Step>,
}

/// The n-th of each life.
pub fn password(n: usize) -> String {
    format!("correct horse {n} battery")
}

impl Life {
    pub fn new(name: String) -> Self {
        Self {
            name,
            id: String::new(),
            names: 0,
            passwords: 0,
            open: Vec::new(),
            over: Vec::new(),
            suspended: false,
            deleted: false,
            in_flight: None,
        }
    }

    /// Live until the server is gone or the life is over. How many steps were acknowledged?
    pub async fn live(&mut self, caller: &Caller, admin: &str, end: Option<Step>) -> usize {
        let twice = STEPS.iter().chain(&STEPS).copied();
        let steps = [Step::Register].into_iter().chain(twice).chain(end);
        let mut acknowledged = 0;
        for step in steps {
            let Some(answer) = self.ask(step, caller, admin).await else {
                self.in_flight = Some(step);
                break;
            };
            self.remember(step, &answer);
            acknowledged += 1;
        }
        acknowledged
    }

    async fn ask(&self, step: Step, caller: &Caller, admin: &str) -> Option<Answer> {
        let first = self.open.first().map(|session| session.access.as_str());
        let own = "/v1/api/users";
        match step {
            Step::Register => {
                let body = json!({
                    "username": self.name,
                    "email": format!("{}@example.com", self.name),
                    "password": password(0),
                });
                caller.post("/auth/register", body).await
            }
            Step::LogIn => {
                let password = password(self.passwords);
                caller.log_in(&self.name, &password).await
            }
            Step::Rename => {
                let body = json!({"first_name": format!("n{}", self.names + 1)});
                caller.send(Method::PATCH, own, first, Some(body)).await
            }
            Step::ChangePassword => {
                let body = json!({"password": password(self.passwords + 1)});
                caller.send(Method::PATCH, own, first, Some(body)).await
            }
            Step::Renew => caller.renew(&self.open[0].refresh).await,
            Step::LogOut => {
                let last = self.open.last().map(|session| session.access.as_str());
                caller.send(Method::POST, "/auth/logout", last, None).await
            }
            Step::Suspend => {
                let path = format!("/v1/api/admin/users/{}/suspension", self.id);
                let body = Some(json!({"reason": "a test"}));
                caller.send(Method::PUT, &path, Some(admin), body).await
            }
            Step::Delete => caller.send(Method::DELETE, own, first, None).await,
        }
    }

    fn remember(&mut self, step: Step, answer: &Answer) {
        let status = match step {
            Step::Register => 201,
            Step::LogIn | Step::Renew | Step::Suspend => 200,
            Step::Rename | Step::ChangePassword => 202,
            Step::LogOut | Step::Delete => 204,
        };
        assert_eq!(answer.status, status, "{step:?}: {answer:?}");
        match step {
            Step::Register => self.id = answer.text("id"),
            Step::LogIn => self.open.push(session(&answer.body)),
            Step::Rename => self.names += 1,
            Step::ChangePassword => {
                self.passwords += 1;
                self.over.extend(self.open.drain(1..));
            }
            Step::Renew => self.open[0] = session(&answer.body),
            Step::LogOut => self.over.extend(self.open.pop()),
            Step::Suspend => {
                self.suspended = true;
                self.over.append(&mut self.open);
            }
            Step::Delete => {
                self.deleted = true;
                self.over.append(&mut self.open);
            }
        }
    }
}

fn session(tokens: &Value) -> Session {
    let text = |field: &str| tokens[field].as_str().expect("a token").to_string();
    Session {
        access: text("access_token"),
        refresh: text("refresh_token"),
    }
}

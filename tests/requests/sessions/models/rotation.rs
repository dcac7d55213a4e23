//! A session's refresh tokens: which is good, and what using another one does.

use chrono::{DateTime, Duration, Utc};
use proptest::{
    collection::vec,
    prop_oneof,
    strategy::{Just, Strategy},
};
use serde_json::json;

use super::try_histories;
use crate::support::{Client, PASSWORD, Service};

/// A used token gives its answer again for so long.
const GRACE: Duration = Duration::seconds(10);

#[derive(Clone, Copy, Debug)]
enum Step {
    /// With the token that came so many before the latest.
    Refresh(usize),
    Wait(i64),
    Logout,
    /// A new password, from another session.
    ChangePassword,
    /// The same, from this one.
    ChangeOwnPassword,
}

fn steps() -> impl Strategy<Value = Vec<Step>> + Send {
    let step = prop_oneof![
        6 => Just(Step::Refresh(0)),
        4 => Just(Step::Refresh(1)),
        1 => (2_usize..4).prop_map(Step::Refresh),
        4 => prop_oneof![Just(1), Just(4), Just(30)].prop_map(Step::Wait),
        1 => Just(Step::Logout),
        1 => Just(Step::ChangePassword),
        1 => Just(Step::ChangeOwnPassword),
    ];
    vec(step, 1..14)
}

/// What should be so.
struct Model {
    tokens: Vec<String>,
    /// When each was used for the first time.
    used: Vec<DateTime<Utc>>,
    is_live: bool,
}

impl Model {
    /// The token that such a use should give; none when it is refused.
    fn refresh(&mut self, which: usize, now: DateTime<Utc>) -> Option<Next> {
        let latest = self.tokens.len() - 1;
        if !self.is_live {
            return None;
        }
        if which == latest {
            self.used.push(now);
            return Some(Next::New);
        }
        if which + 1 == latest && now - self.used[which] < GRACE {
            return Some(Next::Again(latest));
        }
        self.is_live = false;
        None
    }
}

enum Next {
    New,
    Again(usize),
}

async fn change_password(client: &Client, n: usize) {
    let password = format!("another horse battery {n}");
    let body = json!({"password": password, "current_password": PASSWORD});
    let answer = client.patch("/v1/api/users/", body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

async fn history(s: &Service, n: usize, steps: Vec<Step>) {
    let name = format!("user-{n}");
    let mut client = s.member(&name).await;
    let other = s.log_in(&name, PASSWORD).await;
    let mut model = Model {
        tokens: vec![client.refresh_token().to_string()],
        used: Vec::new(),
        is_live: true,
    };
    let mut changed = false;
    for step in steps {
        match step {
            Step::Wait(seconds) => s.advance(Duration::seconds(seconds)),
            Step::Logout if model.is_live => {
                assert_eq!(client.post("/auth/logout", json!({})).await.status, 204);
                model.is_live = false;
            }
            Step::ChangePassword if !changed => {
                change_password(&other, n).await;
                (changed, model.is_live) = (true, false);
            }
            Step::ChangeOwnPassword if !changed && model.is_live => {
                change_password(&client, n).await;
                changed = true;
            }
            Step::Refresh(back) => {
                let which = model.tokens.len().saturating_sub(1 + back);
                let answer = client.refresh(&model.tokens[which].clone()).await;
                match model.refresh(which, s.now()) {
                    None => {
                        answer.is_problem(401, "invalid_refresh_token");
                    }
                    Some(next) => {
                        assert_eq!(answer.status, 200, "{answer:?}");
                        let token = answer.text_of("refresh_token").to_string();
                        match next {
                            Next::New => {
                                assert!(!model.tokens.contains(&token), "used before");
                                model.tokens.push(token);
                            }
                            Next::Again(latest) => assert_eq!(token, model.tokens[latest]),
                        }
                        client = client.with_tokens(&answer);
                    }
                }
            }
            Step::Logout | Step::ChangePassword | Step::ChangeOwnPassword => {}
        }
        assert_eq!(client.is_in().await, model.is_live, "after {step:?}");
    }
}

#[tokio::test]
async fn rotation_is_as_its_model_says() {
    try_histories(steps(), history).await;
}

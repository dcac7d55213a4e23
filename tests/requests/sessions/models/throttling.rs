//! Failures in a row on an account, from strangers and from a known device, and what they cost.

use axum::http::header::COOKIE;
use chrono::{DateTime, Duration, Utc};
use proptest::{
    collection::vec,
    prop_oneof,
    strategy::{Just, Strategy},
};

use super::try_histories;
use crate::support::{Client, PASSWORD, Service};

const FREE: usize = 3;
const DELAYS: [i64; 9] = [1, 3, 5, 10, 60, 120, 300, 600, 900];
const CLOSED_AFTER: usize = 33;

#[derive(Clone, Copy, Debug)]
enum Step {
    Wrong {
        known: bool,
    },
    Right {
        known: bool,
    },
    /// So often, each as soon as it is allowed.
    PatientlyWrong {
        known: bool,
        times: usize,
    },
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> + Send {
    let who = || prop_oneof![3 => Just(false), 1 => Just(true)];
    let step = prop_oneof![
        6 => who().prop_map(|known| Step::Wrong { known }),
        2 => who().prop_map(|known| Step::Right { known }),
        1 => (who(), 1_usize..40).prop_map(|(known, times)| Step::PatientlyWrong { known, times }),
        3 => prop_oneof![Just(1), Just(5), Just(70), Just(1000)].prop_map(Step::Wait),
    ];
    vec(step, 1..12)
}

/// What should be counted of strangers, or of one device.
#[derive(Default)]
struct Count {
    failures: usize,
    blocked_until: Option<DateTime<Utc>>,
}

impl Count {
    /// How long an attempt would have to wait.
    fn wait(&self, now: DateTime<Utc>) -> Option<Duration> {
        let wait = self.blocked_until? - now;
        (wait > Duration::zero()).then_some(wait)
    }

    fn fail(&mut self, now: DateTime<Utc>) {
        self.failures += 1;
        let beyond = self.failures.checked_sub(FREE + 1);
        self.blocked_until = if self.failures >= CLOSED_AFTER {
            Some(now + Duration::days(36_500))
        } else {
            beyond.map(|n| now + Duration::seconds(DELAYS[n.min(DELAYS.len() - 1)]))
        };
    }
}

struct Case<'a> {
    s: &'a Service,
    name: String,
    stranger: Client,
    device: Client,
    counts: [Count; 2],
}

impl Case<'_> {
    /// Is the answer what the count says?
    async fn attempt(&mut self, known: bool, password: &str) {
        let count = &mut self.counts[usize::from(known)];
        // The machine takes its time, and is not to decide.
        let near = Duration::milliseconds(400);
        if count
            .blocked_until
            .is_some_and(|until| (until - self.s.now()).abs() < near)
        {
            self.s.advance(near * 2);
        }
        let client = if known { &self.device } else { &self.stranger };
        let now = self.s.now();
        let answer = client.log_in(&self.name, password).await;
        if let Some(wait) = count.wait(now) {
            answer.is_problem(429, "too_many_requests");
            let seconds = wait.num_seconds().min(86_399) + 1;
            let told = answer.retry_after().cast_signed();
            assert!((told - seconds).abs() <= 1, "{told} instead of {seconds}");
        } else if password == PASSWORD {
            assert_eq!(answer.status, 200, "{answer:?}");
            *count = Count::default();
        } else {
            answer.is_problem(401, "invalid_credentials");
            count.fail(now);
            assert!(count.failures <= CLOSED_AFTER, "too many in a row");
        }
    }
}

async fn history(s: &Service, n: usize, steps: Vec<Step>) {
    let name = format!("user-{n}");
    s.member(&name).await;
    let login = s.anonymous().log_in(&name, PASSWORD).await;
    let cookie = format!("rollcall_device={}", login.device().expect("a cookie"));
    let mut case = Case {
        s,
        name,
        stranger: s.anonymous(),
        device: s.anonymous().with(COOKIE, &cookie),
        counts: Default::default(),
    };
    for step in steps {
        match step {
            Step::Wait(seconds) => s.advance(Duration::seconds(seconds)),
            Step::Right { known } => case.attempt(known, PASSWORD).await,
            Step::Wrong { known } => case.attempt(known, "a wrong password").await,
            Step::PatientlyWrong { known, times } => {
                for _ in 0..times {
                    let count = &case.counts[usize::from(known)];
                    match count.wait(s.now()) {
                        Some(wait) if wait > Duration::days(1) => break,
                        Some(wait) => s.advance(wait + Duration::seconds(1)),
                        None => {}
                    }
                    case.attempt(known, "a wrong password").await;
                }
            }
        }
    }
}

#[tokio::test]
async fn throttling_is_as_its_model_says() {
    try_histories(steps(), history).await;
}

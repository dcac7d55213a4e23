//! Whether an account exists can't be told by how long an answer takes (OWASP ASVS 5.0, V6.3.8).

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    runs::{PASSWORD, alone, factor, say},
    support::server::{Ground, Server},
};

/// Pairs of one round; more of them in longer runs.
const SAMPLES: usize = 50;
/// Medians differ by at most so much in a long run; a short one on a busy machine is allowed more.
const LONG_RUN: f64 = 0.05;
const SHORT_RUN: f64 = 0.15;

/// One answer: its status, its body, and how long it took.
async fn ask(
    http: &Client,
    server: &Server,
    n: usize,
    path: &str,
    body: &Value,
) -> (u16, Value, Duration) {
    let started = Instant::now();
    let request = http
        .post(format!("{}{path}", server.base()))
        // A client of its own each time, or the shares of one would count.
        .header(
            "x-forwarded-for",
            format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255),
        )
        .json(body);
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let mut body: Value = answer.json().await.expect("JSON");
    if let Some(fields) = body.as_object_mut() {
        fields.remove("instance");
    }
    (status, body, started.elapsed())
}

/// What is asked about somebody.
type Body<'a> = &'a dyn Fn(&str) -> Value;

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

#[tokio::test]
async fn known_and_unknown_accounts_take_the_same_time() {
    let _alone = alone().await;
    let ground = Ground::new().await;
    let variables = [
        ("TRUSTED_PROXIES", "127.0.0.1/32"),
        ("RATE_LIMIT_ENABLED", "false"),
        ("LOG_LEVEL", "warn"),
        // Mails wait: sending them is work of its own, some time later.
        ("MAILER_HOST", "127.0.0.1"),
        ("MAILER_PORT", "1"),
    ];
    let server = ground.start(&[], &variables).await;
    let http = Client::new();
    let samples = SAMPLES * factor().min(4);
    let allowed = if factor() >= 4 { LONG_RUN } else { SHORT_RUN };
    for n in 0..samples {
        for kind in ["known", "off", "forgot", "magic", "verify"] {
            let body = json!({
                "username": format!("{kind}-{n}"), "email": format!("{kind}-{n}@example.com"),
                "password": PASSWORD, "is_active": kind != "off",
            });
            let (status, answer, _) = ask(&http, &server, n, "/auth/register", &body).await;
            assert_eq!(status, 201, "{answer}");
        }
    }
    let login = |who: &str| json!({"username": who, "password": "not the password"});
    let mail = |who: &str| json!({"email": format!("{who}@example.com")});
    let cases: [(&str, &str, Body); 5] = [
        ("/auth/token", "known", &login),
        ("/auth/token", "off", &login),
        ("/auth/password/forgot", "forgot", &mail),
        ("/auth/magic-link", "magic", &mail),
        ("/auth/verify-email/request", "verify", &mail),
    ];
    let mut client = 1000;
    for (path, kind, body) in cases {
        // A busy machine spoils a round; a leak shows in each. An address gets three mails, and had one.
        let mut best = f64::INFINITY;
        for round in 0..2 {
            let (mut known, mut apart) = (Vec::new(), Vec::new());
            for n in 0..samples {
                let names = [format!("{kind}-{n}"), format!("nobody-{round}-{n}")];
                let mut answers = [const { None }; 2];
                // Each goes first every second time.
                for which in [n % 2, 1 - n % 2] {
                    client += 1;
                    let answer = ask(&http, &server, client, path, &body(&names[which])).await;
                    answers[which] = Some(answer);
                }
                let [one, other] = answers.map(|answer| answer.expect("both"));
                assert_eq!((one.0, one.1), (other.0, other.1), "{path}");
                known.push(one.2.as_secs_f64());
                // Of a pair, what the machine does besides is nearly the same.
                apart.push(one.2.as_secs_f64() - other.2.as_secs_f64());
            }
            let known = median(known);
            let apart = median(apart).abs() / known;
            say(&format!(
                "timing: {path} {kind}: {:.2} ms, {:.1} % apart from nobody's",
                known * 1e3,
                apart * 1e2
            ));
            best = best.min(apart);
            if best <= allowed {
                break;
            }
        }
        assert!(best <= allowed, "{path} {kind}: {:.1} % apart", best * 1e2);
    }
}

//! Many processes that write into one audit trail.

use serde_json::json;

use crate::support::{
    PASSWORD,
    process::rollcall,
    server::{Ground, Server},
};

const PROCESSES: usize = 8;
const LOGINS: usize = 10;

async fn log_in(server: &Server, n: usize, password: &str) -> u16 {
    let body = json!({"username": format!("user-{n}"), "password": password});
    server.post("/auth/token", body).await.0
}

#[tokio::test]
async fn events_of_eight_processes_are_one_unbroken_chain() {
    let ground = Ground::new().await;
    let first = ground.start(&[], &[("MAILER_SPREAD", "0")]).await;
    let mut servers = vec![first];
    while servers.len() < PROCESSES {
        servers.push(ground.start(&[], &[("MAILER_SPREAD", "0")]).await);
    }
    for n in 0..PROCESSES {
        let body = json!({
            "username": format!("user-{n}"),
            "email": format!("user-{n}@example.com"),
            "password": PASSWORD,
        });
        let (status, body) = servers[0].post("/auth/register", body).await;
        assert_eq!(status, 201, "{body}");
    }

    let all = servers.iter().enumerate().map(|(n, server)| async move {
        for _ in 0..LOGINS {
            assert_eq!(log_in(server, n, PASSWORD).await, 200);
        }
    });
    futures_util::future::join_all(all).await;

    let database = ground.database();
    let task = ["task", "audit:verify", "json:true"];
    let run = rollcall(&task, &[("DATABASE_URL", &database)], "");
    assert_eq!(run.code, Some(0), "{run:?}");
    let verdict = run.stdout.lines().last().expect("a line");
    let verdict: serde_json::Value = serde_json::from_str(verdict).expect("a verdict");
    assert!(verdict.get("fault").is_none(), "{verdict}");
    let events = verdict["verified"].as_u64().expect("a number")
        + verdict["unsealed"].as_u64().expect("a number");
    assert_eq!(events, (PROCESSES * (LOGINS + 1)) as u64, "{verdict}");
}

//! Two things at once, one of which ends sessions.

use chrono::Duration;
use serde_json::{Value, json};

use crate::support::{
    Client, PASSWORD, Service, in_parallel, service, together,
    waiting::{LONG, until},
};

const ANOTHER: &str = "another fine password";

async fn member(s: &Service, name: &str, i: usize) -> Client {
    s.member(&format!("{name}{i}")).await
}

/// No session of this account that the old password opened is left, whatever was answered.
async fn nothing_works(s: &Service, client: &Client, renewed: &crate::support::Answer) {
    assert_eq!(s.open_sessions(client.uuid()).await, 0);
    let mut clients = vec![client.clone()];
    if renewed.status == 200 {
        clients.push(s.anonymous().with_tokens(renewed));
    }
    for client in clients {
        client
            .get("/v1/api/users/")
            .await
            .is_problem(401, "invalid_token");
        let answer = client.refresh(client.refresh_token()).await;
        answer.is_problem(401, "invalid_refresh_token");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_logout_while_renewing_leaves_nothing() {
    service(|s| async move {
        let logouts = ["/auth/logout", "/auth/logout-all"];
        for i in 0..20 {
            let client = member(&s, "ada", i).await;
            assert!(client.is_in().await);
            let (one, other) = (client.clone(), client.clone());

            let (ended, renewed) = together(
                async move { one.post(logouts[i % 2], Value::Null).await },
                async move { other.refresh(other.refresh_token()).await },
            )
            .await;

            assert_eq!(ended.status, 204, "{ended:?}");
            assert!([200, 401].contains(&renewed.status), "{renewed:?}");
            nothing_works(&s, &client, &renewed).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_while_logging_out_bring_nothing_back() {
    service(|s| async move {
        s.is_trusted().await;
        for i in 0..20 {
            let client = member(&s, "ada", i).await;
            let (one, other) = (client.clone(), client.clone());

            let (ended, _waited) = together(
                async move { one.post("/auth/logout", Value::Null).await.status },
                async move { until(LONG, || async { !other.is_in().await }).await },
            )
            .await;

            assert_eq!(ended, 204);
            assert!(!client.is_in().await);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_that_races_with_a_new_password_leaves_no_session() {
    service(|s| async move {
        for i in 0..10 {
            let owner = member(&s, "ada", i).await;
            let (victim, thief) = (owner.clone(), s.anonymous());
            let name = format!("ada{i}");

            let (changed, login) = together(
                async move {
                    victim
                        .patch("/v1/api/users/", json!({"password": ANOTHER}))
                        .await
                },
                async move { thief.log_in(&name, PASSWORD).await },
            )
            .await;

            assert_eq!(changed.status, 202, "{changed:?}");
            assert!([200, 401].contains(&login.status), "{login:?}");
            assert_eq!(s.open_sessions(owner.uuid()).await, 1, "the owner's");
            assert!(owner.is_in().await);
            if login.status == 200 {
                let thief = s.anonymous().with_tokens(&login);
                assert!(!thief.is_in().await);
                assert_eq!(thief.refresh(thief.refresh_token()).await.status, 401);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn logins_while_deleting_leave_no_session() {
    service(|s| async move {
        for i in 0..10 {
            let owner = member(&s, "ada", i).await;
            let (leaver, other) = (owner.clone(), s.anonymous());
            let name = format!("ada{i}");

            let (deleted, login) = together(
                async move { leaver.delete("/v1/api/users/").await.status },
                async move { other.log_in(&name, PASSWORD).await.status },
            )
            .await;

            assert_eq!(deleted, 204);
            assert!([200, 401].contains(&login), "{login}");
            assert_eq!(s.open_sessions(owner.uuid()).await, 0);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_reuse_of_a_spent_token_is_refused_every_time() {
    service(|s| async move {
        let ada = s.member("ada").await;
        assert_eq!(ada.refresh(ada.refresh_token()).await.status, 200);
        s.advance(Duration::seconds(11));

        let answers = in_parallel(10, |_| {
            let ada = ada.clone();
            async move { ada.refresh(ada.refresh_token()).await.status }
        })
        .await;

        assert_eq!(answers, [401; 10]);
        assert_eq!(s.open_sessions(ada.uuid()).await, 0);
    })
    .await;
}

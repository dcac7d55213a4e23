//! A session lasts until it was not seen for too long, or was opened too long ago.

use chrono::Duration;
use rollcall::models::users::Role;
use sea_orm::ActiveValue::Set;

use crate::support::{Client, PASSWORD, Service, nodes::set, service, service_with};

const IDLE: Duration = Duration::days(14);
const ABSOLUTE: Duration = Duration::days(30);
const ADMIN_IDLE: Duration = Duration::hours(1);
const ADMIN_ABSOLUTE: Duration = Duration::days(1);

/// Renew and go on with the new pair.
async fn renewed(client: &Client) -> Client {
    let answer = client.refresh(client.refresh_token()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    client.clone().with_tokens(&answer)
}

async fn is_over(client: &Client) {
    let answer = client.refresh(client.refresh_token()).await;
    answer.is_problem(401, "invalid_refresh_token");
    let answer = client.get("/v1/api/users/").await;
    answer.is_problem(401, "invalid_token");
}

/// One use just before the idle time is over keeps the session, as often as it is made; after it
/// nothing does.
async fn ends_when_idle(s: &Service, client: Client, idle: Duration) {
    let mut client = client;
    for _ in 0..2 {
        s.advance(idle - Duration::minutes(1));
        client = renewed(&client).await;
    }
    s.advance(idle + Duration::seconds(1));
    is_over(&client).await;
}

/// Renewed all the time, it still ends.
async fn ends_in_all(s: &Service, client: Client, step: Duration, absolute: Duration) {
    let mut client = client;
    let opened = s.now();
    while s.now() + step < opened + absolute - Duration::minutes(1) {
        s.advance(step);
        client = renewed(&client).await;
    }
    s.set_clock(opened + absolute - Duration::minutes(1));
    client = renewed(&client).await;
    s.set_clock(opened + absolute + Duration::seconds(1));
    is_over(&client).await;
}

#[tokio::test]
async fn a_users_session_ends_after_fourteen_idle_days() {
    service(|s| async move {
        let ada = s.member("ada").await;
        ends_when_idle(&s, ada, IDLE).await;
    })
    .await;
}

#[tokio::test]
async fn an_administrators_session_ends_after_an_idle_hour() {
    service(|s| async move {
        let root = s.admin("root").await;
        ends_when_idle(&s, root, ADMIN_IDLE).await;
    })
    .await;
}

#[tokio::test]
async fn a_users_session_ends_after_thirty_days_in_all() {
    service(|s| async move {
        let ada = s.member("ada").await;
        ends_in_all(&s, ada, Duration::days(7), ABSOLUTE).await;
    })
    .await;
}

#[tokio::test]
async fn an_administrators_session_ends_after_a_day_in_all() {
    service(|s| async move {
        let root = s.admin("root").await;
        ends_in_all(&s, root, Duration::minutes(50), ADMIN_ABSOLUTE).await;
    })
    .await;
}

#[tokio::test]
async fn requests_keep_a_session_alive_too() {
    service(|s| async move {
        let root = s.admin("root").await;

        for _ in 0..3 {
            s.advance(Duration::minutes(19));
            assert!(root.is_in().await);
        }
        s.advance(Duration::minutes(50));

        assert_eq!(root.refresh(root.refresh_token()).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn somebody_promoted_meanwhile_has_an_administrators_idle_time() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.give_role(ada.uuid(), Role::Admin).await;

        s.advance(ADMIN_IDLE - Duration::minutes(1));
        let ada = renewed(&ada).await;
        s.advance(ADMIN_IDLE + Duration::seconds(1));

        is_over(&ada).await;
    })
    .await;
}

#[tokio::test]
async fn somebody_promoted_meanwhile_has_an_administrators_whole_time() {
    service(|s| async move {
        let ada = s.member("ada").await;
        s.advance(ADMIN_ABSOLUTE + Duration::seconds(1));
        let ada = renewed(&ada).await;
        assert!(ada.is_in().await);

        s.give_role(ada.uuid(), Role::Admin).await;

        is_over(&ada).await;
    })
    .await;
}

#[tokio::test]
async fn the_lifetimes_are_settings() {
    let short = |config: &mut loco_rs::config::Config| {
        set(config, "sessions.idle_seconds", 300);
        set(config, "sessions.absolute_seconds", 900);
    };
    service_with(short, |s| async move {
        let ada = s.member("ada").await;
        ends_in_all(&s, ada, Duration::seconds(250), Duration::seconds(900)).await;
        let ada = s.log_in("ada", PASSWORD).await;
        s.advance(Duration::seconds(301));
        is_over(&ada).await;
    })
    .await;
}

#[tokio::test]
async fn who_may_not_act_cannot_renew() {
    service(|s| async move {
        let (ada, bob, eve) = (
            s.member("ada").await,
            s.member("bob").await,
            s.member("eve").await,
        );
        s.suspend(ada.uuid()).await;
        let now = s.now();
        s.edit_user(bob.uuid(), |row| row.deleted_at = Set(Some(now.into())))
            .await;
        assert_eq!(eve.post("/auth/logout", ().into()).await.status, 204);

        for client in [&ada, &bob, &eve] {
            let answer = client.refresh(client.refresh_token()).await;
            answer.is_problem(401, "invalid_refresh_token");
        }

        s.edit_user(ada.uuid(), |row| row.is_active = Set(true))
            .await;
        assert_eq!(ada.refresh(ada.refresh_token()).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn being_seen_is_kept_to_the_minute() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let seen = async || ada.get("/v1/api/users/sessions").await.body[0]["last_seen_at"].clone();
        let opened = seen().await;

        s.advance(Duration::seconds(30));
        let soon = (seen().await, seen().await);
        s.advance(Duration::seconds(31));
        let later = (seen().await, seen().await);

        assert_eq!(soon, (opened.clone(), opened.clone()));
        assert_ne!(later.1, opened, "a minute is over");
    })
    .await;
}

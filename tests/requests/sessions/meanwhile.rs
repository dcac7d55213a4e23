//! What was checked, and is no longer so when it is acted on.

use chrono::Duration;
use rollcall::models::{
    Error,
    sessions::Origin,
    users::{
        self,
        profile::{Authentication, UpdateParams},
    },
};
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, service};

const ANOTHER: &str = "another fine password";

#[tokio::test]
async fn a_login_checked_before_a_change_opens_nothing_after_it() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let bob = s.member("bob").await;
        let eve = s.member("eve").await;
        let checked = async |client: &Client| {
            users::Model::find_by_id(&s.ctx.db, client.uuid())
                .await
                .expect("a row")
        };
        let checked = [
            checked(&ada).await,
            checked(&bob).await,
            checked(&eve).await,
        ];

        let change = json!({"password": ANOTHER});
        assert_eq!(ada.patch("/v1/api/users/", change).await.status, 202);
        assert_eq!(bob.delete("/v1/api/users/").await.status, 204);
        s.suspend(eve.uuid()).await;

        for user in checked {
            let sessions = &s.rollcall.sessions;
            let origin = Origin::default();
            let outcome = sessions.open(s.means(), user, "password", &origin).await;
            assert!(matches!(outcome, Err(Error::InvalidCredentials)));
        }
        assert_eq!(s.open_sessions(ada.uuid()).await, 1);
        assert_eq!(s.open_sessions(bob.uuid()).await, 0);
    })
    .await;
}

/// A thief's request can wait for its turn to hash while the owner ends the thief's session.
#[tokio::test]
async fn a_session_that_ends_while_the_new_password_is_hashed_changes_nothing() {
    service(|s| async move {
        let owner = s.member("ada").await;
        let row = users::Model::find_by_id(&s.ctx.db, owner.uuid()).await;
        let row = row.expect("a row");
        let session = s.sessions_of(owner.uuid()).await.remove(0);
        let authentication = Authentication {
            session_id: session.id,
            at: Some(s.now()),
            counts_for: Duration::minutes(10),
        };
        let params = json!({"password": ANOTHER, "email": "thief@example.com"});
        let params: UpdateParams = serde_json::from_value(params).expect("parameters");
        assert_eq!(
            owner.post("/auth/logout-all", Value::Null).await.status,
            204
        );

        let means = s.means();
        let outcome = row.update_profile(means, params, authentication).await;

        assert!(matches!(outcome, Err(Error::SessionEnded)), "{outcome:?}");
        assert!(s.log_in("ada@example.com", PASSWORD).await.is_in().await);
    })
    .await;
}

//! A session and its user are read by place; nothing may lie in another one's.

use chrono::{DateTime, FixedOffset, TimeDelta};
use rollcall::models::{
    sessions::{self, Model},
    users,
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use uuid::Uuid;

use crate::support::{Client, Service, service};

async fn by_name(s: &Service, client: &Client) -> (Model, users::Model) {
    let id = s.sessions_of(client.uuid()).await.remove(0).id;
    let session = sessions::Entity::find_by_id(id).one(&s.ctx.db).await;
    let user = users::Entity::find_by_id(client.uuid()).one(&s.ctx.db);
    let (session, user) = (session.expect("a query"), user.await.expect("a query"));
    (session.expect("a session"), user.expect("a user"))
}

#[tokio::test]
async fn every_column_is_read_into_its_own_field() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let (session, user) = by_name(&s, &ada).await;
        // No two alike, and none empty.
        let day = |nth: i64| -> DateTime<FixedOffset> { session.created_at + TimeDelta::days(nth) };
        let mut row = session.clone().into_active_model();
        row.last_seen_at = Set(day(1));
        row.idle_expires_at = Set(day(2));
        row.expires_at = Set(day(3));
        row.authenticated_at = Set(day(4));
        row.ip_address = Set(Some("192.0.2.1".into()));
        row.user_agent = Set(Some("an agent".into()));
        row.previous_digest = Set(Some("a digest".into()));
        row.rotated_at = Set(Some(day(5)));
        row.revoked_at = Set(Some(day(6)));
        row.revoked_reason = Set(Some("a reason".into()));
        row.update(&s.ctx.db).await.expect("a session");
        let mut row = user.clone().into_active_model();
        row.first_name = Set(Some("Ada".into()));
        row.last_name = Set(Some("Lovelace".into()));
        row.phone_number = Set(Some("+441815".into()));
        row.is_active = Set(false);
        row.updated_at = Set(Some(day(7)));
        row.deleted_at = Set(Some(day(8)));
        row.email_verified_at = Set(Some(day(9)));
        row.locale = Set(Some("de".into()));
        row.last_login_at = Set(Some(day(10)));
        row.suspended_until = Set(Some(day(11)));
        row.suspension_reason = Set(Some("another reason".into()));
        row.update(&s.ctx.db).await.expect("a user");

        let found = Model::find_with_user(&s.ctx.db, session.id).await;

        let expected = by_name(&s, &ada).await;
        assert!(expected.0.previous_digest.is_some() && expected.1.suspension_reason.is_some());
        assert_eq!(found.expect("a query"), Some(expected));
        let none = Model::find_with_user(&s.ctx.db, Uuid::now_v7()).await;
        assert_eq!(none.expect("a query"), None);
    })
    .await;
}

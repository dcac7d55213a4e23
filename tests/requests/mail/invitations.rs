use serde_json::{Value, json};

use super::{ANOTHER, required};
use crate::support::{PASSWORD, in_parallel, service, service_with};

const INVITE: &str = "/v1/api/admin/invitations";
const ACCEPT: &str = "/auth/invitation/accept";
const NEW: &str = "new@example.com";

fn newcomer(role: &str) -> Value {
    json!({"username": "newcomer", "email": NEW, "first_name": "New", "role": role})
}

#[tokio::test]
async fn an_invited_person_chooses_a_password_and_is_in() {
    service_with(required, |s| async move {
        let root = s.operators("root").await;
        s.assign_role(&root, rollcall::models::users::Role::Admin)
            .await;

        let invited = root.post(INVITE, newcomer("admin")).await;

        assert_eq!(invited.status, 201, "{invited:?}");
        assert_eq!(invited.body["role"], "admin");
        assert!(invited.body.get("hashed_password").is_none());
        s.log_in_fails("newcomer", "!").await;
        let mail = s.last_mail_to(NEW).await;
        assert_eq!(mail.subject, "You are invited to Rollcall");
        assert_eq!(
            s.anonymous()
                .use_token(ACCEPT, mail.token(), Some(ANOTHER))
                .await,
            204
        );
        let newcomer = s.log_in("newcomer", ANOTHER).await;
        assert!(
            newcomer.is_in().await,
            "the mail arrived: the address is confirmed"
        );
        assert_eq!(newcomer.get("/v1/api/users/admin-only").await.status, 200);
        assert_eq!(
            s.mails_to(NEW).await.len(),
            1,
            "nobody is told of a first password"
        );
    })
    .await;
}

#[tokio::test]
async fn an_invitation_is_sent_again_until_it_is_accepted() {
    service(|s| async move {
        let root = s.admin("root").await;
        let invited = root.post(INVITE, newcomer("user")).await;
        let again = format!("{INVITE}/{}", invited.text_of("id"));
        let first = s.last_mail_to(NEW).await.token().to_string();

        assert_eq!(root.post(&again, Value::Null).await.status, 204);

        let second = s.last_mail_to(NEW).await.token().to_string();
        assert_eq!(
            s.anonymous().use_token(ACCEPT, &first, Some(ANOTHER)).await,
            422
        );
        assert_eq!(
            s.anonymous()
                .use_token(ACCEPT, &second, Some(ANOTHER))
                .await,
            204
        );
        root.post(&again, Value::Null)
            .await
            .is_problem(404, "not_found");
        let nobody = format!("{INVITE}/{}", uuid::Uuid::now_v7());
        root.post(&nobody, Value::Null)
            .await
            .is_problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn only_administrators_invite() {
    service(|s| async move {
        let member = s.member("ada").await;

        member
            .post(INVITE, newcomer("user"))
            .await
            .is_problem(403, "forbidden");
        s.anonymous()
            .post(INVITE, newcomer("user"))
            .await
            .is_problem(401, "invalid_token");

        assert_eq!(s.accounts().await, 1);
        assert_eq!(s.mails_to(NEW).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nobody_is_invited() {
    service(|s| async move {
        let root = s.admin("root").await;
        let answer = root
            .post(
                INVITE,
                json!({"username": "a b", "role": "king", "password": PASSWORD}),
            )
            .await;
        answer.is_problem(422, "validation_failed");
        assert_eq!(
            answer.pointers(),
            ["/email", "/password", "/role", "/username"]
        );
        let taken = json!({"username": "ROOT", "email": NEW});
        root.post(INVITE, taken)
            .await
            .is_problem(409, "already_taken");
        assert_eq!(s.mails_to(NEW).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn twenty_parallel_invitations_of_one_person_make_one_account() {
    service(|s| async move {
        let root = s.admin("root").await;

        let statuses = in_parallel(20, move |_| {
            let root = root.clone();
            async move { root.post(INVITE, newcomer("user")).await.status }
        })
        .await;

        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1);
        assert!(statuses.iter().all(|status| [201, 409].contains(status)));
        assert_eq!(s.mails_to(NEW).await.len(), 1);
    })
    .await;
}

//! A password that was hashed with less work is hashed anew when its owner logs in.

use rollcall::{models::users::password::Hasher, settings::Password};
use sea_orm::ActiveValue::Set;

use crate::support::{Client, PASSWORD, Service, in_parallel, nodes::set, service};

async fn stored(s: &Service, client: &Client) -> String {
    let user = rollcall::models::users::Model::find_by_id(&s.ctx.db, client.uuid()).await;
    user.expect("a row").hashed_password
}

fn iterations(hash: &str) -> &str {
    let (_, rest) = hash
        .split_once("$argon2id$v=19$m=19456,t=")
        .expect("a hash");
    rest.split(',').next().expect("iterations")
}

/// Another node, configured to do more work, on the same rows.
async fn stronger_node(s: &Service) -> Service {
    s.another_node(|config| set(config, "password.iterations", 3))
        .await
}

#[tokio::test]
async fn a_login_raises_the_parameters() {
    service(|s| async move {
        let ada = s.member("ada").await;
        assert_eq!(iterations(&stored(&s, &ada).await), "2");
        let there = stronger_node(&s).await;

        let wrong = there.anonymous().log_in("ada", "a wrong password").await;
        assert_eq!(wrong.status, 401);
        assert_eq!(
            iterations(&stored(&s, &ada).await),
            "2",
            "not by a wrong password"
        );
        assert!(there.log_in("ada", PASSWORD).await.is_in().await);

        let raised = stored(&s, &ada).await;
        assert_eq!(iterations(&raised), "3");
        for node in [&there, &s] {
            assert!(node.log_in("ada", PASSWORD).await.is_in().await);
            let wrong = node.anonymous().log_in("ada", "a wrong password").await;
            assert_eq!(wrong.status, 401);
        }
        assert_eq!(stored(&s, &ada).await, raised, "neither again nor back");
        assert!(ada.is_in().await, "no session ends by it");
    })
    .await;
}

#[tokio::test]
async fn every_kind_of_less_work_is_outdated() {
    let hasher = |memory_kib, iterations, parallelism| {
        let settings = Password {
            memory_kib,
            iterations,
            parallelism,
            ..Password::default()
        };
        Hasher::new(&settings).expect("a hasher")
    };
    let now = hasher(19_456, 2, 1);
    let hash = now.hash(PASSWORD).await.expect("a hash");

    assert!(!now.is_outdated(&hash));
    for more in [
        hasher(19_457, 2, 1),
        hasher(19_456, 3, 1),
        hasher(19_464, 2, 2),
    ] {
        assert!(more.is_outdated(&hash));
        let stronger = more.hash(PASSWORD).await.expect("a hash");
        assert!(!now.is_outdated(&stronger));
        assert!(
            now.verify(PASSWORD, Some(&stronger))
                .await
                .expect("an answer")
        );
    }
    assert!(now.is_outdated(&hash.replace("argon2id", "argon2i")));
    assert!(now.is_outdated("$2b$12$something else"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_parallel_logins_while_it_is_raised_all_succeed() {
    service(|s| async move {
        let ada = s.member("ada").await;
        let nodes = [stronger_node(&s).await, stronger_node(&s).await];

        let answers = in_parallel(20, |i| {
            let client = nodes[i % 2].anonymous();
            async move { client.log_in("ada", PASSWORD).await }
        })
        .await;

        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200; 20]);
        assert_eq!(iterations(&stored(&s, &ada).await), "3");
        assert_eq!(s.open_sessions(ada.uuid()).await, 21);
        for answer in &answers {
            assert!(s.anonymous().with_tokens(answer).is_in().await);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_password_is_not_undone_by_it() {
    service(|s| async move {
        let there = stronger_node(&s).await;
        let weak = s.rollcall.hasher.hash(PASSWORD).await.expect("a hash");
        for i in 0..5 {
            let ada = s.member(&format!("ada{i}")).await;
            let hash = weak.clone();
            s.edit_user(ada.uuid(), |row| row.hashed_password = Set(hash))
                .await;
            let (owner, login) = (ada.clone(), there.anonymous());
            let name = format!("ada{i}");
            let change = serde_json::json!({"password": "another fine password"});

            let (changed, _) = crate::support::together(
                async move { owner.patch("/v1/api/users/", change).await.status },
                async move { login.log_in(&name, PASSWORD).await },
            )
            .await;

            assert_eq!(changed, 202);
            let name = format!("ada{i}");
            let old = s.anonymous().log_in(&name, PASSWORD).await;
            assert_eq!(old.status, 401);
            assert_eq!(s.open_sessions(ada.uuid()).await, 1, "the owner's");
            assert!(s.log_in(&name, "another fine password").await.is_in().await);
        }
    })
    .await;
}

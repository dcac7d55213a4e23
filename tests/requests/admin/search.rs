use std::collections::BTreeSet;

use chrono::{Duration, SecondsFormat};
use rollcall::models::users;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::USERS;
use crate::support::{Answer, Client, PASSWORD, Service, service};

async fn add(s: &Service, username: &str, first: &str, last: &str) {
    let body = json!({
        "username": username, "email": format!("{username}@example.com"), "password": PASSWORD,
        "first_name": first, "last_name": last,
    });
    let answer = s.anonymous().post("/auth/register", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

async fn people(s: &Service) -> Client {
    let root = s.admin("root").await;
    add(s, "ada", "Ada", "Lovelace").await;
    add(s, "grace", "Grace", "Hopper").await;
    add(s, "jose", "José", "Núñez").await;
    add(s, "strasse", "Jürgen", "Groß").await;
    add(s, "percent_1", "50% off", "Back\\slash").await;
    root
}

fn names(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let items = answer.body["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| item["username"].as_str().expect("a name"))
        .collect()
}

async fn found(root: &Client, query: &str) -> Vec<String> {
    let answer = root.get(&format!("{USERS}?{query}")).await;
    names(&answer)
        .into_iter()
        .map(ToString::to_string)
        .collect()
}

#[tokio::test]
async fn a_text_is_found_in_any_name_whatever_its_case_and_script() {
    service(|s| async move {
        let root = people(&s).await;

        for (q, expected) in [
            ("love", vec!["ada"]),
            ("LOVELACE", vec!["ada"]),
            ("ove", vec!["ada"]),
            ("grace%40example", vec!["grace"]),
            ("JOS%C3%89", vec!["jose"]),
            ("%C3%BA%C3%B1e", vec!["jose"]),
            ("N%C3%9A%C3%91EZ", vec!["jose"]),
            // ß and SS are one in any case (Unicode's full case folding).
            ("GROSS", vec!["strasse"]),
            ("gro%C3%9F", vec!["strasse"]),
            ("percent_1", vec!["percent_1"]),
            ("percent-1", vec![]),
            ("50%25%20off", vec!["percent_1"]),
            ("back%5Cslash", vec!["percent_1"]),
            ("%22grace%22", vec![]),
            ("nobody", vec![]),
            // One or two letters begin a word.
            ("ho", vec!["grace"]),
            ("pp", vec![]),
            ("h", vec!["grace"]),
            ("%C3%BA", vec![]),
            ("n%C3%BA", vec!["jose"]),
            ("pe", vec!["percent_1"]),
            ("5", vec!["percent_1"]),
            ("%25", vec![]),
            ("_", vec![]),
            ("%22", vec![]),
            // Across two names.
            ("ada%20love", vec!["ada"]),
        ] {
            assert_eq!(found(&root, &format!("q={q}")).await, expected, "{q}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_name_that_changes_is_found_by_its_new_self_only() {
    service(|s| async move {
        let root = s.admin("root").await;
        let ada = s.member("ada").await;
        ada.patch("/v1/api/users/", json!({"last_name": "Lovelace"}))
            .await;
        assert_eq!(found(&root, "q=lovelace").await, ["ada"]);

        ada.patch(
            "/v1/api/users/",
            json!({"last_name": "Byron", "username": "countess"}),
        )
        .await;

        assert_eq!(found(&root, "q=lovelace").await, [""; 0]);
        assert_eq!(found(&root, "q=byron").await, ["countess"]);
        assert_eq!(found(&root, "q=countess").await, ["countess"]);
    })
    .await;
}

#[tokio::test]
async fn filters_go_together() {
    service(|s| async move {
        let root = people(&s).await;
        let id = |name: &str| {
            let (root, name) = (root.clone(), name.to_string());
            async move {
                root.get(&format!("{USERS}?username={name}")).await.body["items"][0]["id"]
                    .as_str()
                    .expect("an id")
                    .to_string()
            }
        };
        let (ada, grace) = (id("ada").await, id("grace").await);
        root.send(
            "PUT".parse().expect("a method"),
            &format!("{USERS}/{ada}/suspension"),
            Some("application/json"),
            "{}",
        )
        .await;
        root.delete(&format!("{USERS}/{grace}")).await;

        for (query, expected) in [
            ("role=admin", vec!["root"]),
            ("status=suspended", vec!["ada"]),
            ("status=deleted", vec!["grace"]),
            (
                "status=unverified&role=user&sort=username",
                vec!["jose", "percent_1", "strasse"],
            ),
            ("status=unverified&q=jos", vec!["jose"]),
            ("status=active", vec![]),
            ("username=JOSE", vec!["jose"]),
            ("email=JOSE%40example.com", vec!["jose"]),
            ("phone_number=%2B1234", vec![]),
            ("q=lovelace&status=active", vec![]),
            ("q=lovelace&status=suspended", vec!["ada"]),
        ] {
            assert_eq!(found(&root, query).await, expected, "{query}");
        }
        assert_eq!(found(&root, &format!("id={ada}")).await, ["ada"]);
    })
    .await;
}

#[tokio::test]
async fn times_bound_a_list() {
    service(|s| async move {
        let root = s.admin("root").await;
        s.advance(Duration::hours(1));
        let from = s.now();
        add(&s, "ada", "A", "B").await;
        s.advance(Duration::hours(1));
        let to = s.now();
        add(&s, "bob", "A", "B").await;
        s.log_in("bob", PASSWORD).await;
        let root = {
            let mut again = s.log_in("root", PASSWORD).await;
            again.user = root.user;
            again
        };
        let at = |time: chrono::DateTime<chrono::Utc>| {
            time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
        };

        for (query, expected) in [
            (
                format!("created_from={}&created_to={}", at(from), at(to)),
                vec!["ada"],
            ),
            (format!("created_from={}", at(to)), vec!["bob"]),
            (
                format!("last_login_from={}&sort=username", at(to)),
                vec!["bob", "root"],
            ),
            (format!("last_login_to={}", at(from)), vec!["ada"]),
        ] {
            assert_eq!(found(&root, &query).await, expected, "{query}");
        }
    })
    .await;
}

/// Walk a list to its end by its cursors; by its links, too.
async fn walk(root: &Client, query: &str) -> Vec<String> {
    let mut path = format!("{USERS}?{query}");
    let mut all = Vec::new();
    loop {
        let answer = root.get(&path).await;
        all.extend(names(&answer).into_iter().map(ToString::to_string));
        let Some(next) = answer.body["next"].as_str() else {
            assert!(!answer.headers.contains_key("link"));
            return all;
        };
        let link = answer.headers["link"].to_str().expect("text").to_string();
        assert_eq!(
            link,
            format!("<{USERS}?{query}&cursor={next}>; rel=\"next\"")
        );
        path = format!("{USERS}?{query}&cursor={next}");
    }
}

#[tokio::test]
async fn pages_go_through_every_order_without_gaps_or_doubles() {
    service(|s| async move {
        let root = people(&s).await;
        for name in ["ada", "jose"] {
            s.log_in(name, PASSWORD).await;
        }
        let everybody: BTreeSet<_> = ["ada", "grace", "jose", "percent_1", "root", "strasse"]
            .into_iter()
            .map(ToString::to_string)
            .collect();

        for key in ["created_at", "username", "email", "last_login_at"] {
            let mut orders = Vec::new();
            for sort in [key.to_string(), format!("-{key}")] {
                let whole = found(&root, &format!("sort={sort}")).await;
                for limit in [1, 2, 5, 6, 100] {
                    let walked = walk(&root, &format!("sort={sort}&limit={limit}")).await;
                    assert_eq!(walked, whole, "{sort} by {limit}");
                }
                assert_eq!(whole.iter().cloned().collect::<BTreeSet<_>>(), everybody);
                orders.push(whole);
            }
            orders[1].reverse();
            assert_eq!(orders[0], orders[1], "{key}");
        }
        assert_eq!(
            found(&root, "sort=last_login_at")
                .await
                .last()
                .expect("somebody"),
            "jose"
        );
    })
    .await;
}

#[tokio::test]
async fn a_page_holds_still_while_accounts_come_and_go() {
    service(|s| async move {
        let root = people(&s).await;
        let first = root.get(&format!("{USERS}?sort=username&limit=2")).await;
        assert_eq!(names(&first), ["ada", "grace"]);
        let next = first.text_of("next").to_string();

        add(&s, "aaron", "A", "A").await;
        add(&s, "harry", "H", "H").await;
        let grace = first.body["items"][1]["id"]
            .as_str()
            .expect("an id")
            .to_string();
        root.delete(&format!("{USERS}/{grace}")).await;

        assert_eq!(
            found(&root, &format!("sort=username&limit=2&cursor={next}")).await,
            ["harry", "jose"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_total_is_counted_when_asked_for() {
    service(|s| async move {
        let root = people(&s).await;

        let without = root.get(&format!("{USERS}?limit=1")).await;
        let with = root
            .get(&format!("{USERS}?limit=1&total=true&role=user"))
            .await;
        let text = root
            .get(&format!("{USERS}?q=example.com&total=true&limit=1"))
            .await;

        assert_eq!(without.body.get("total"), None);
        assert_eq!(with.body["total"], json!({"count": 5, "is_exact": true}));
        assert_eq!(text.body["total"]["count"], 6);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_allowed_is_named_with_the_others() {
    service(|s| async move {
        let root = s.admin("root").await;
        let query = "limit=0&sort=password&role=king&status=odd&id=1&q=&created_from=yesterday&total=perhaps&x=1";

        let answer = root.get(&format!("{USERS}?{query}")).await;

        answer.is_problem(422, "validation_failed");
        assert_eq!(
            answer.pointers(),
            ["/created_from", "/id", "/limit", "/q", "/role", "/sort", "/status", "/total", "/x"]
        );
        for query in ["limit=101", "limit=-1", "limit=9999999999999999999999", "limit=1&limit=2", "q=%00", "created_to=99999-01-01T00:00:00Z"] {
            let answer = root.get(&format!("{USERS}?{query}")).await;
            assert_eq!(answer.status, 422, "{query}: {answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_cursor_is_of_its_list_and_cannot_be_made() {
    service(|s| async move {
        let root = people(&s).await;
        let cursor = root
            .get(&format!("{USERS}?limit=1&sort=email"))
            .await
            .text_of("next")
            .to_string();
        let other = s
            .another_node(|config| {
                let jwt = config
                    .auth
                    .as_mut()
                    .and_then(|auth| auth.jwt.as_mut())
                    .expect("jwt");
                jwt.secret = "b25seSBmb3IgdGhpcyB0ZXN0LCBhbmQgbG9uZyBlbm91Z2gu".into();
            })
            .await;
        let _ = other;

        // Another page size is the same list.
        assert_eq!(
            found(&root, &format!("limit=5&sort=email&cursor={cursor}"))
                .await
                .len(),
            5
        );
        let mut changed = cursor.clone();
        changed.replace_range(10..11, if &cursor[10..11] == "A" { "B" } else { "A" });
        let long = "A".repeat(4000);
        for wrong in [
            format!("sort=-email&cursor={cursor}"),
            format!("sort=email&role=user&cursor={cursor}"),
            format!("sort=email&cursor={changed}"),
            format!("sort=email&cursor={}", &cursor[..cursor.len() - 4]),
            "sort=email&cursor=".to_string(),
            "sort=email&cursor=%00".to_string(),
            format!("sort=email&cursor={long}"),
        ] {
            let answer = root.get(&format!("{USERS}?{wrong}")).await;
            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), ["/cursor"], "{wrong}");
        }
        let audit = root
            .get("/v1/api/admin/audit?limit=1")
            .await
            .text_of("next")
            .to_string();
        let answer = root.get(&format!("{USERS}?cursor={audit}")).await;
        answer.is_problem(422, "validation_failed");
    })
    .await;
}

#[tokio::test]
async fn an_administrator_sees_what_there_is_to_see_and_no_secret() {
    service(|s| async move {
        let root = people(&s).await;

        let answer = root.get(&format!("{USERS}?username=ada")).await;

        let ada = &answer.body["items"][0];
        let mut fields: Vec<_> = ada
            .as_object()
            .expect("fields")
            .keys()
            .map(String::as_str)
            .collect();
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                "created_at",
                "deleted_at",
                "email",
                "email_verified_at",
                "first_name",
                "has_password",
                "id",
                "is_active",
                "last_login_at",
                "last_name",
                "locale",
                "phone_number",
                "role",
                "status",
                "suspended_until",
                "suspension_reason",
                "updated_at",
                "username"
            ]
        );
        assert_eq!(ada["status"], "unverified");
        assert_eq!(ada["has_password"], true);
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_ne!(ada["created_at"], Value::Null);
    })
    .await;
}

/// An account that came from elsewhere has the id that it had there.
#[tokio::test]
async fn accounts_are_sorted_and_found_by_when_they_were_made_whatever_their_ids() {
    service(|s| async move {
        let root = people(&s).await;
        let newest = users::Model::newest(&s.ctx.db, 1).await.expect("a row");
        let mut row = newest[0].clone().into_active_model();
        let moved: uuid::Uuid = "ffffffff-ffff-4fff-bfff-ffffffffffff"
            .parse()
            .expect("a UUID");
        let made = s.now() - Duration::days(400);
        row.id = Set(moved);
        row.username = Set("moved".into());
        row.username_canonical = Set("moved".into());
        row.email = Set("moved@example.com".into());
        row.email_canonical = Set("moved@example.com".into());
        row.created_at = Set(made.into());
        users::Entity::insert(row.reset_all())
            .exec_without_returning(&s.ctx.db)
            .await
            .expect("a row");

        let oldest = found(&root, "sort=created_at&limit=1").await;
        let before = (s.now() - Duration::days(300)).to_rfc3339_opts(SecondsFormat::Secs, true);
        let early = found(&root, &format!("created_to={before}")).await;
        let late = found(&root, &format!("created_from={before}&sort=-created_at")).await;

        assert_eq!(oldest, ["moved"]);
        assert_eq!(early, ["moved"]);
        assert!(!late.contains(&"moved".to_string()), "{late:?}");
    })
    .await;
}

//! What is looked for.

use chrono::{Duration, Utc};
use sea_orm::DatabaseBackend;
use serde_json::json;

/// Milliseconds.
pub const PAGE_GOAL: f64 = 25.0;
pub const TEXT_GOAL: f64 = 100.0;

/// A list that is measured: its query, and the condition and order of the same in plain SQL.
pub struct Case {
    pub name: &'static str,
    pub params: serde_json::Value,
    pub plain: String,
    pub order: &'static str,
    pub goal: f64,
}

/// Each filter and each order, and texts that few, many and none have.
#[expect(clippy::too_many_lines, reason = "a list")]
pub fn all(backend: DatabaseBackend) -> Vec<Case> {
    let (never, contains): (_, fn(&str) -> String) = if backend == DatabaseBackend::Postgres {
        (
            "(coalesce(last_login_at, '1970-01-01 00:00:00+00'::timestamptz)) DESC, id DESC",
            |text| format!("search_text LIKE '%{text}%'"),
        )
    } else {
        (
            "coalesce(last_login_at, '1970-01-01T00:00:00+00:00') DESC, id DESC",
            |text| {
                format!(
                    "id IN (SELECT user_id FROM users_search WHERE number IN \
                 (SELECT rowid FROM users_search_text WHERE users_search_text MATCH '\"{text}\"'))"
                )
            },
        )
    };
    let page = |name, params, plain: &str, order| Case {
        name,
        params,
        plain: plain.to_string(),
        order,
        goal: PAGE_GOAL,
    };
    let text = |name, q: &str| Case {
        name,
        params: json!({"q": q, "sort": "-created_at"}),
        plain: if q.chars().count() < 3 {
            format!("(' ' || search_text) LIKE '% {q}%'")
        } else {
            contains(q)
        },
        order: "created_at DESC, id DESC",
        goal: TEXT_GOAL,
    };
    let at = |ago: Duration| (Utc::now() - ago).to_rfc3339_opts(chrono::SecondsFormat::Secs, false);
    let yesterday = at(Duration::days(1));
    let hour = (at(Duration::hours(9001)), at(Duration::hours(9000)));
    vec![
        page(
            "newest first",
            json!({"sort": "-created_at"}),
            "TRUE",
            "created_at DESC, id DESC",
        ),
        page(
            "by username",
            json!({"sort": "username"}),
            "TRUE",
            "username_canonical, id",
        ),
        page(
            "by email, from the end",
            json!({"sort": "-email"}),
            "TRUE",
            "email_canonical DESC, id DESC",
        ),
        page(
            "by last login, latest first",
            json!({"sort": "-last_login_at"}),
            "TRUE",
            never,
        ),
        page(
            "administrators",
            json!({"role": "admin", "sort": "username"}),
            "role = 'admin'",
            "username_canonical, id",
        ),
        page(
            "suspended, by username",
            json!({"status": "suspended", "sort": "username"}),
            "NOT is_active",
            "username_canonical, id",
        ),
        page(
            "unverified, by email",
            json!({"status": "unverified", "sort": "email"}),
            "is_active AND email_verified_at IS NULL",
            "email_canonical, id",
        ),
        page(
            "deleted, newest first",
            json!({"status": "deleted", "sort": "-created_at"}),
            "deleted_at IS NOT NULL",
            "created_at DESC, id DESC",
        ),
        page(
            "deleted, by email",
            json!({"status": "deleted", "sort": "email"}),
            "deleted_at IS NOT NULL",
            "email_canonical, id",
        ),
        page(
            "suspended, latest login first",
            json!({"status": "suspended", "sort": "-last_login_at"}),
            "NOT is_active",
            never,
        ),
        page(
            "logged in since yesterday, newest first",
            json!({"last_login_from": yesterday, "sort": "-created_at"}),
            &format!("last_login_at >= '{yesterday}'"),
            "created_at DESC, id DESC",
        ),
        page(
            "made in one hour, by username",
            json!({"created_from": hour.0, "created_to": hour.1, "sort": "username"}),
            &format!("created_at >= '{}' AND created_at < '{}'", hour.0, hour.1),
            "username_canonical, id",
        ),
        page(
            "exact email",
            json!({"email": "user.7@example.com"}),
            "email_canonical = 'user.7@example.com'",
            "created_at DESC, id DESC",
        ),
        text("text: a handful have it", "qzx-handful"),
        text("text: 0.1 % have it", "medium-name"),
        text("text: many have it", "example"),
        text("text: not ASCII", "núñez"),
        text("text: nobody has it", "nobody-at-all"),
        text("text: 6,000 side by side have it", "moved.example"),
        text("text: 30,000 side by side have it", "merged.example"),
        text("text: two letters", "an"),
        text("text: two letters, nobody has it", "zq"),
        text("text: one letter", "a"),
    ]
}

//! Plausible accounts and events, made once.

use chrono::{DateTime, Duration, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use rollcall::models::{
    audit_events::{self, chain},
    new_id,
    users::{self, Role, identifiers::canonical, import::ImportParams},
};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseBackend, DatabaseConnection, EntityTrait,
    IntoActiveModel, PaginatorTrait, TransactionTrait,
};

use super::Result;

/// Rows in one statement: SQLite takes 32,766 parameters.
const BATCH: u64 = 1000;

const FIRST: [&str; 10] = [
    "Ada",
    "Grace",
    "José",
    "Jürgen",
    "Anna",
    "Noor",
    "Ὑπατία",
    "Sofía",
    "Alan",
    "Ivan",
];
const LAST: [&str; 8] = [
    "Lovelace", "Hopper", "Núñez", "Groß", "Anderson", "Lindgren", "Curie", "Turing",
];

fn bar(length: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length).with_message(what);
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {per_sec} {eta}");
    style.map(|style| bar.set_style(style)).ok();
    bar
}

async fn begin(db: &DatabaseConnection) -> Result<sea_orm::DatabaseTransaction> {
    Ok(db.begin().await?)
}

/// Make accounts until there are so many.
pub async fn users(db: &DatabaseConnection, wanted: u64) -> Result<()> {
    let there = users::Entity::find().count(db).await?;
    if there >= wanted {
        return Ok(());
    }
    let progress = bar(wanted, "accounts");
    progress.set_position(there);
    let beginning = Utc::now() - Duration::days(3 * 365);
    let step = Duration::days(3 * 365) / i32::try_from(wanted)?;
    let mut next = there;
    while next < wanted {
        let last = (next + BATCH).min(wanted);
        let txn = begin(db).await?;
        let rows =
            (next..last).map(|n| user(n, beginning + step * i32::try_from(n).unwrap_or(i32::MAX)));
        users::Entity::insert_many(rows)
            .exec_without_returning(&txn)
            .await?;
        txn.commit().await?;
        progress.set_position(last);
        next = last;
    }
    progress.finish_and_clear();
    // As it is where the server has had a quiet minute since.
    db.execute_unprepared(match db.get_database_backend() {
        DatabaseBackend::Postgres => "VACUUM ANALYZE users",
        _ => "ANALYZE",
    })
    .await?;
    Ok(())
}

fn user(n: u64, at: DateTime<Utc>) -> users::ActiveModel {
    let scrambled = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let pick = |names: &[&str], by: u64| {
        let index = usize::try_from((scrambled / by) % names.len() as u64);
        names[index.unwrap_or_default()].to_string()
    };
    let kind = match n {
        n if n % 200_000 == 3 => "qzx-handful",
        n if n % 1000 == 5 => "medium-name",
        _ => "user",
    };
    let (first, last) = (pick(&FIRST, 1), pick(&LAST, 16));
    let username = format!("{kind}-{scrambled:x}.{n}");
    // Two groups that came in together, so that in the order of the list they are far away.
    let domain = match n {
        200_000..206_000 => "moved.example",
        400_000..430_000 => "merged.example",
        _ => "example.com",
    };
    let email = format!("user.{n}@{domain}");
    let names = [canonical(&first), canonical(&last)].join(" ");
    let (username_canonical, email_canonical) = (canonical(&username), canonical(&email));
    users::Model {
        id: new_id(at),
        search_text: format!("{username_canonical} {email_canonical} {names}"),
        username_canonical,
        email_canonical,
        username,
        email,
        first_name: Some(first),
        last_name: Some(last),
        role: if n % 50_000 == 1 {
            Role::Admin
        } else {
            Role::User
        },
        is_active: n % 100 != 2,
        deleted_at: (n % 50 == 4).then_some(at.into()),
        email_verified_at: (n % 10 != 6).then_some(at.into()),
        last_login_at: (n % 10 < 7)
            .then(|| (at + Duration::hours(i64::try_from(scrambled % 9000).unwrap_or(0))).into()),
        ..ImportParams::default().into_row(at)
    }
    .into_active_model()
    .reset_all()
}

/// Make events, in their places in the chain, until there are so many.
pub async fn events(db: &DatabaseConnection, wanted: u64) -> Result<()> {
    let (sequence, mut hash) = chain::last(db).await?;
    let there = u64::try_from(sequence)?;
    if there >= wanted {
        return Ok(());
    }
    let progress = bar(wanted, "events");
    progress.set_position(there);
    let mut next = there;
    while next < wanted {
        let last = (next + BATCH).min(wanted);
        let now = Utc::now();
        let mut rows = Vec::new();
        for n in next..last {
            let place = i64::try_from(n)? + 1;
            let mut event = audit_events::Model {
                id: new_id(now),
                sequence: Some(place),
                occurred_at: chrono::SubsecRound::trunc_subsecs(now, 6).into(),
                action: "login".into(),
                outcome: "success".into(),
                actor_kind: "anonymous".into(),
                actor_id: None,
                subject_id: Some(new_id(now)),
                session_id: Some(new_id(now)),
                request_id: Some(new_id(now).to_string()),
                details: r#"{"method":"password"}"#.into(),
                ip_address: None,
                ip_salt: None,
                ip_digest: Some(hash.clone()),
                hash: None,
            };
            hash = chain::hash(&hash, &event, place)?;
            event.hash = Some(hash.clone());
            rows.push(event.into_active_model().reset_all());
        }
        let txn = begin(db).await?;
        audit_events::Entity::insert_many(rows)
            .exec_without_returning(&txn)
            .await?;
        txn.commit().await?;
        progress.set_position(last);
        next = last;
    }
    progress.finish_and_clear();
    Ok(())
}

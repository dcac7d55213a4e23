//! The limit: what a hand-written axum + sqlx server takes for the same work. It verifies the same tokens, runs
//! the same indexed query, hashes as raw as can be and writes its JSON by hand; it keeps no sessions apart, writes
//! no log, checks no rules, and knows nothing of throttles, audit, mails or other nodes.

use std::{net::Ipv4Addr, sync::Arc};

use argon2::PasswordHash;
use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{
    PgPool, Row, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{Result, hashing::Hashers};

const CONNECTIONS: u32 = 16;

enum Db {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// The same statements on either: both understand `$1`.
macro_rules! on {
    ($db:expr, $pool:ident => $body:expr) => {
        match &$db {
            Db::Postgres($pool) => $body,
            Db::Sqlite($pool) => $body,
        }
    };
}

struct Limit {
    db: Db,
    hashers: Hashers,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

type Shared = State<Arc<Limit>>;

pub async fn main(url: &str, port: u16, secret: &[u8]) -> Result<()> {
    let db = if url.starts_with("postgres") {
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
        Db::Postgres(pool.connect(url).await?)
    } else {
        let options: SqliteConnectOptions = url.parse()?;
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS);
        Db::Sqlite(pool.connect_with(options).await?)
    };
    let mut validation = Validation::new(Algorithm::HS512);
    validation.set_issuer(&["rollcall"]);
    validation.set_audience(&["rollcall"]);
    let state = Arc::new(Limit {
        db,
        hashers: Hashers::new(),
        encoding: EncodingKey::from_secret(secret),
        decoding: DecodingKey::from_secret(secret),
        validation,
    });
    let app = Router::new()
        .route(
            "/_ping",
            get(async || ([(header::CONTENT_TYPE, JSON)], r#"{"ok":true}"#)),
        )
        .route("/v1/api/users", get(current).patch(update))
        .route("/auth/token", post(token))
        .route("/auth/register", post(register))
        .route("/oauth/introspect", post(introspect))
        .with_state(state);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}

const JSON: &str = "application/json";

#[derive(Deserialize, Serialize)]
struct Claims {
    pid: Uuid,
    sub: Uuid,
    sid: Uuid,
    role: String,
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// Any fault here ends a measurement.
struct Failed(String);

impl<E: std::fmt::Display> From<E> for Failed {
    fn from(err: E) -> Self {
        Self(err.to_string())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0).into_response()
    }
}

type Answer<T> = std::result::Result<T, Failed>;

struct Found {
    session_id: Uuid,
    digest: String,
    user: User,
}

struct User {
    id: Uuid,
    username: String,
    email: String,
    first_name: Option<String>,
    last_name: Option<String>,
    phone_number: Option<String>,
    role: String,
    is_active: bool,
}

const USER: &str = "u.id, u.username, u.email, u.first_name, u.last_name, u.phone_number, \
                    CAST(u.role AS TEXT) AS role, u.is_active";

macro_rules! user {
    ($row:expr) => {
        User {
            id: $row.try_get("id")?,
            username: $row.try_get("username")?,
            email: $row.try_get("email")?,
            first_name: $row.try_get("first_name")?,
            last_name: $row.try_get("last_name")?,
            phone_number: $row.try_get("phone_number")?,
            role: $row.try_get("role")?,
            is_active: $row.try_get("is_active")?,
        }
    };
}

impl User {
    /// As the service's own answer.
    fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(b"{\"id\":\"");
        out.extend_from_slice(self.id.hyphenated().encode_lower(&mut [0; 36]).as_bytes());
        out.push(b'"');
        for (name, value) in [
            ("username", Some(&self.username)),
            ("email", Some(&self.email)),
            ("first_name", self.first_name.as_ref()),
            ("last_name", self.last_name.as_ref()),
            ("phone_number", self.phone_number.as_ref()),
            ("role", Some(&self.role)),
        ] {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            // What is in a text is escaped.
            let _ = serde_json::to_writer(&mut out, &value);
        }
        let rest: &[u8] = if self.is_active {
            b",\"is_active\":true}"
        } else {
            b",\"is_active\":false}"
        };
        out.extend_from_slice(rest);
        out
    }

    fn answer(&self, status: StatusCode) -> Response {
        (status, [(header::CONTENT_TYPE, JSON)], self.write()).into_response()
    }
}

impl Limit {
    fn claims(&self, token: &str) -> Answer<Claims> {
        Ok(jsonwebtoken::decode(token, &self.decoding, &self.validation)?.claims)
    }

    fn bearer(&self, headers: &HeaderMap) -> Answer<Claims> {
        let value = headers.get(header::AUTHORIZATION).ok_or("no token")?;
        self.claims(value.to_str()?.strip_prefix("Bearer ").ok_or("no token")?)
    }

    /// The session and its user, by one indexed query.
    async fn find(&self, session_id: Uuid) -> Answer<Found> {
        let sql = format!(
            "SELECT s.id AS session_id, s.refresh_digest, {USER} FROM sessions s JOIN users u ON u.id = s.user_id \
             WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND u.deleted_at IS NULL AND u.is_active"
        );
        let sql = sqlx::AssertSqlSafe(sql);
        let now = Utc::now();
        Ok(on!(self.db, pool => {
            let row = sqlx::query(sql).bind(session_id).bind(now).fetch_one(pool).await?;
            Found {
                session_id: row.try_get("session_id")?,
                digest: row.try_get("refresh_digest")?,
                user: user!(row),
            }
        }))
    }

    fn granted(&self, session_id: Uuid, user: &User, refresh_token: &str) -> Answer<Response> {
        let iat = Utc::now().timestamp();
        let claims = Claims {
            pid: user.id,
            sub: user.id,
            sid: session_id,
            role: user.role.clone(),
            iss: "rollcall".into(),
            aud: "rollcall".into(),
            iat,
            exp: iat + 3600,
            jti: Uuid::now_v7(),
        };
        let access_token =
            jsonwebtoken::encode(&Header::new(Algorithm::HS512), &claims, &self.encoding)?;
        let body = format!(
            r#"{{"access_token":"{access_token}","token_type":"bearer","expires_in":3600,"refresh_token":"{refresh_token}"}}"#
        );
        Ok(([(header::CONTENT_TYPE, JSON)], body).into_response())
    }
}

async fn current(State(limit): Shared, headers: HeaderMap) -> Answer<Response> {
    let claims = limit.bearer(&headers)?;
    let found = limit.find(claims.sid).await?;
    Ok(found.user.answer(StatusCode::OK))
}

#[derive(Deserialize)]
struct Update {
    first_name: String,
}

/// The row is locked, changed, and the change recorded, in one transaction.
async fn update(
    State(limit): Shared,
    headers: HeaderMap,
    Json(update): Json<Update>,
) -> Answer<Response> {
    let claims = limit.bearer(&headers)?;
    limit.find(claims.sid).await?;
    let now = Utc::now();
    let lock = match limit.db {
        Db::Postgres(_) => " FOR UPDATE",
        Db::Sqlite(_) => "",
    };
    let begin = match limit.db {
        Db::Postgres(_) => "BEGIN",
        Db::Sqlite(_) => "BEGIN IMMEDIATE",
    };
    let select = sqlx::AssertSqlSafe(format!("SELECT {USER} FROM users u WHERE u.id = $1{lock}"));
    let changed = sqlx::AssertSqlSafe(format!(
        "UPDATE users AS u SET first_name = $2, updated_at = $3 WHERE id = $1 RETURNING {}",
        USER.replace("u.", "")
    ));
    let user = on!(limit.db, pool => {
        let mut txn = pool.begin_with(begin).await?;
        sqlx::query(select).bind(claims.sub).fetch_one(&mut *txn).await?;
        let row = sqlx::query(changed).bind(claims.sub).bind(&update.first_name).bind(now).fetch_one(&mut *txn).await?;
        let user = user!(row);
        sqlx::query(EVENT)
            .bind(Uuid::now_v7())
            .bind(now)
            .bind("account.updated")
            .bind(claims.sub)
            .bind(claims.sid)
            .bind(r#"{"fields":["first_name"]}"#)
            .execute(&mut *txn)
            .await?;
        txn.commit().await?;
        user
    });
    Ok(user.answer(StatusCode::ACCEPTED))
}

const EVENT: &str = "INSERT INTO audit_events (id, occurred_at, action, outcome, actor_kind, actor_id, subject_id, session_id, details) \
                     VALUES ($1, $2, $3, 'success', 'user', $4, $4, $5, $6)";

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as RFC 6749 calls it")]
struct Grant {
    grant_type: String,
    username: Option<String>,
    password: Option<String>,
    refresh_token: Option<String>,
}

async fn token(State(limit): Shared, Form(grant): Form<Grant>) -> Answer<Response> {
    if grant.grant_type == "refresh_token" {
        return renew(&limit, &grant.refresh_token.ok_or("no token")?).await;
    }
    let username = grant.username.ok_or("no username")?;
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT u.hashed_password, {USER} FROM users u WHERE u.username_canonical = $1 AND u.deleted_at IS NULL AND u.is_active"
    ));
    let (hash, user) = on!(limit.db, pool => {
        let row = sqlx::query(sql).bind(&username).fetch_one(pool).await?;
        let hash: String = row.try_get("hashed_password")?;
        (hash, user!(row))
    });
    let parsed = PasswordHash::new(&hash)?;
    let mut salt = [0; 64];
    let salt = parsed
        .salt
        .ok_or("no salt")?
        .decode_b64(&mut salt)?
        .to_vec();
    let made = limit
        .hashers
        .hash(grant.password.ok_or("no password")?, salt)
        .await?;
    if parsed.hash.is_none_or(|hash| hash.as_bytes() != made) {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    }
    let (session_id, refresh_token, now) = (Uuid::now_v7(), refresh_token(), Utc::now());
    let token = format!("{}.{refresh_token}", session_id.simple());
    let [idle, absolute] = [14, 30].map(|days| now + Duration::days(days));
    on!(limit.db, pool => {
        sqlx::query(
            "INSERT INTO sessions (id, user_id, created_at, last_seen_at, idle_expires_at, expires_at, authenticated_at, \
             authentication_method, refresh_digest) VALUES ($1, $2, $3, $3, $4, $5, $3, 'password', $6)",
        )
        .bind(session_id)
        .bind(user.id)
        .bind(now)
        .bind(idle)
        .bind(absolute)
        .bind(digest(&token))
        .execute(pool)
        .await?;
    });
    limit.granted(session_id, &user, &token)
}

/// The statements of a rotation: the session with its user, and one conditional update.
async fn renew(limit: &Limit, token: &str) -> Answer<Response> {
    let (session_id, _) = token.split_once('.').ok_or("not a refresh token")?;
    let found = limit.find(session_id.parse()?).await?;
    if found.digest != digest(token) {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    }
    let next = format!("{session_id}.{}", refresh_token());
    let now: DateTime<Utc> = Utc::now();
    let changed = on!(limit.db, pool => {
        sqlx::query(
            "UPDATE sessions SET refresh_digest = $1, previous_digest = $2, rotated_at = $3, last_seen_at = $3, idle_expires_at = $4 \
             WHERE id = $5 AND refresh_digest = $2 AND revoked_at IS NULL",
        )
        .bind(digest(&next))
        .bind(&found.digest)
        .bind(now)
        .bind(now + Duration::days(14))
        .bind(found.session_id)
        .execute(pool)
        .await?
        .rows_affected()
    });
    if changed != 1 {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    }
    limit.granted(found.session_id, &found.user, &next)
}

#[derive(Deserialize)]
struct Introspect {
    token: String,
    client_id: String,
    client_secret: String,
}

async fn introspect(State(limit): Shared, Form(asked): Form<Introspect>) -> Answer<Response> {
    if (asked.client_id.as_str(), asked.client_secret.as_str()) != crate::load::CLIENT {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    }
    let claims = limit.claims(&asked.token)?;
    let User { username, role, .. } = limit.find(claims.sid).await?.user;
    let Claims { sub, iat, exp, .. } = claims;
    let body = format!(
        r#"{{"active":true,"sub":"{sub}","username":"{username}","scope":"{role}","token_type":"access_token","iat":{iat},"exp":{exp}}}"#
    );
    Ok(([(header::CONTENT_TYPE, JSON)], body).into_response())
}

#[derive(Deserialize)]
struct Register {
    username: String,
    email: String,
    password: String,
}

async fn register(State(limit): Shared, Json(new): Json<Register>) -> Answer<Response> {
    let salt = *Uuid::new_v4().as_bytes();
    let hash = limit.hashers.hash(new.password, salt.to_vec()).await?;
    let hash = format!(
        "$argon2id$v=19$m=19456,t=2,p=1${}${}",
        BASE64.encode(salt),
        BASE64.encode(hash)
    );
    let (id, now) = (Uuid::now_v7(), Utc::now());
    let role = match limit.db {
        Db::Postgres(_) => "'user'::roletype",
        Db::Sqlite(_) => "'user'",
    };
    let sql = sqlx::AssertSqlSafe(format!(
        "INSERT INTO users (id, username, email, role, is_active, hashed_password, created_at, username_canonical, email_canonical, search_text) \
         VALUES ($1, $2, $3, {role}, TRUE, $4, $5, $2, $3, $2)"
    ));
    on!(limit.db, pool => {
        sqlx::query(sql).bind(id).bind(&new.username).bind(&new.email).bind(hash).bind(now).execute(pool).await?;
    });
    let user = User {
        id,
        username: new.username,
        email: new.email,
        first_name: None,
        last_name: None,
        phone_number: None,
        role: "user".into(),
        is_active: true,
    };
    Ok(user.answer(StatusCode::CREATED))
}

fn refresh_token() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

fn digest(token: &str) -> String {
    BASE64.encode(Sha256::digest(token))
}

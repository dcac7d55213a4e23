//! `/oauth`: for resource servers that are told about tokens, not users. Here, and only here, errors
//! speak OAuth's dialect (RFC 6749, section 5.2).

use axum::{
    Json,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use loco_rs::{controller::Routes, prelude::post};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    context::{Context, SharedContext},
    extractors::{Rollcall, form_fields},
    middlewares::rate_limit::RateLimit,
};
use crate::{
    models::{secrets, sessions::introspection::TokenState},
    runtime::Runtime,
    settings::OAuth,
    views::{
        oauth::Introspection,
        problem::{Problem, Result},
    },
};

/// A token, and the client that asks about it; its credentials may be in the `Authorization` header
/// (Basic) instead. Other parameters are ignored.
#[derive(Deserialize, ToSchema)]
pub struct OAuthRequest {
    /// An access token or a refresh token.
    #[serde(default)]
    #[schema(required = true, format = Password, min_length = 1)]
    token: String,
    /// Not needed: the two kinds can't be mistaken.
    #[serde(rename = "token_type_hint")]
    #[schema(example = "access_token")]
    _token_type_hint: Option<String>,
    client_id: Option<String>,
    #[schema(format = Password)]
    client_secret: Option<String>,
}

impl<S: Context> FromRequest<S> for OAuthRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, ctx: &S) -> Result<Self> {
        let rollcall = Runtime::of(ctx.app())?;
        let basic = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| basic(value.to_str().ok()?));
        let fields = form_fields(request).await?;
        let params: Option<Self> = serde_json::from_value(fields).ok();
        let shown = basic.or_else(|| {
            let params = params.as_ref()?;
            Some((params.client_id.clone()?, params.client_secret.clone()?))
        });
        if !is_client(&rollcall.settings.oauth, shown) {
            return Err(Problem::invalid_client());
        }
        params
            .filter(|params| !params.token.is_empty())
            .ok_or_else(|| {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "invalid_request",
                    "The parameter token is missing.",
                )
            })
    }
}

/// RFC 6749, section 2.3.1: both parts are form-encoded inside.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_once(' ')?;
    let credentials = scheme
        .eq_ignore_ascii_case("basic")
        .then(|| BASE64.decode(credentials.trim()))?
        .ok()?;
    let credentials = String::from_utf8(credentials).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    let decoded = |part: &str| {
        let pair: Vec<(String, String)> = serde_urlencoded::from_str(&format!("p={part}")).ok()?;
        pair.into_iter().next().map(|(_, value)| value)
    };
    Some((decoded(id)?, decoded(secret)?))
}

/// In constant time; nobody is the client of a service that has none, or none with a secret.
fn is_client(configured: &OAuth, shown: Option<(String, String)>) -> bool {
    let (id, secret) = shown.unwrap_or_default();
    let same = |a: &str, b: &str| {
        secrets::same(
            secrets::digest(a.as_bytes()).as_bytes(),
            secrets::digest(b.as_bytes()).as_bytes(),
        )
    };
    let matches = same(&id, &configured.client_id) & same(&secret, &configured.client_secret);
    matches && !configured.client_id.is_empty() && !configured.client_secret.is_empty()
}

/// Introspect a token
///
/// RFC 7662. Looks at the session and the user as they are now: of anything dead, `active: false` and
/// nothing else.
#[utoipa::path(
    post, path = "/oauth/introspect", tag = "oauth", security(("resource_server" = [])),
    request_body(content = OAuthRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "What the token is worth", body = Introspection))
)]
pub async fn introspect(rollcall: Rollcall, request: OAuthRequest) -> Result<Json<Introspection>> {
    let now = rollcall.clock.now();
    let state = rollcall
        .sessions
        .introspect(&rollcall.db, &request.token, now)
        .await?;
    Ok(Json(match &state {
        // Its token opens nothing, here and elsewhere.
        state
            if state
                .user()
                .is_some_and(|user| rollcall.sessions.confines(user)) =>
        {
            Introspection::default()
        }
        TokenState::Access(found, claims) => {
            Introspection::access(&found.session, &found.user, claims.clone())
        }
        TokenState::Refresh(found) => Introspection::refresh(&found.session, &found.user),
        TokenState::Dead => Introspection::default(),
    }))
}

/// Revoke a token
///
/// RFC 7009. Ends the session of an access token or a refresh token. 200 also for a token that is dead
/// or was never one.
#[utoipa::path(
    post, path = "/oauth/revoke", tag = "oauth", security(("resource_server" = [])),
    request_body(content = OAuthRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token is worth nothing now"))
)]
pub async fn revoke(rollcall: Rollcall, request: OAuthRequest) -> Result<StatusCode> {
    let now = rollcall.clock.now();
    let state = rollcall
        .sessions
        .introspect(&rollcall.db, &request.token, now)
        .await?;
    if let Some(session) = state.session() {
        rollcall
            .sessions
            .revoke(rollcall.means(), session, "token_revoked")
            .await?;
    }
    Ok(StatusCode::OK)
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("/oauth")
        .add("/introspect", post(introspect).with_state(ctx.clone()))
        .add("/revoke", post(revoke).with_state(ctx.clone()))
        .layer(RateLimit::of(ctx))
}

//! Who is calling, and what they ask for, as arguments of a handler.

use std::{net::IpAddr, ops::Deref, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use loco_rs::controller::middleware::request_id::LocoRequestId;
use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    context::Context,
    middlewares::{client_address, request_log},
};
use crate::{
    models::{
        self, Means,
        audit_events::{Actor, ActorKind},
        params::{Fault, Params, parse},
        sessions::{self, Origin, authentications::Authenticated},
        users::{self, profile::Authentication},
    },
    runtime::Runtime,
    views::problem::{Problem, Result},
};

/// A client gets so long to send its body (OWASP ASVS 5.0, V15.2.2).
const BODY_DEADLINE: Duration = Duration::from_secs(5);

/// The application's runtime: settings, clock, database, keys; and where the request comes from.
pub struct Rollcall {
    runtime: Runtime,
    address: Option<IpAddr>,
    request_id: Option<LocoRequestId>,
}

impl Deref for Rollcall {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        &self.runtime
    }
}

impl<S: Context> FromRequestParts<S> for Rollcall {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &S) -> Result<Self> {
        Ok(Self {
            runtime: Runtime::of(ctx.app())?,
            address: client_address::of(&parts.extensions),
            request_id: parts.extensions.get::<LocoRequestId>().cloned(),
        })
    }
}

impl Rollcall {
    /// What a change needs that nobody in particular asks for.
    pub fn means(&self) -> Means<'_> {
        self.runtime.means(Actor {
            address: self.address,
            request_id: self.request_id.as_ref().map(LocoRequestId::get),
            ..Actor::ANONYMOUS
        })
    }

    /// What a change needs that this caller asks for.
    pub fn means_of(&self, caller: &CurrentUser) -> Means<'_> {
        let means = self.means();
        Means {
            actor: Actor {
                kind: ActorKind::User,
                user_id: Some(caller.user().id),
                session_id: Some(caller.session().id),
                ..means.actor
            },
            ..means
        }
    }

    pub fn means_of_any(&self, caller: Option<&CurrentUser>) -> Means<'_> {
        caller.map_or_else(|| self.means(), |caller| self.means_of(caller))
    }
}

/// The user and the session that the access token belongs to, as they are at this moment.
pub struct CurrentUser(Arc<Authenticated>);

impl CurrentUser {
    pub fn user(&self) -> &users::Model {
        &self.0.user
    }

    pub fn session(&self) -> &sessions::Model {
        &self.0.session
    }

    /// When this caller last showed its password, for changes that need to know.
    pub fn authentication(&self, rollcall: &Runtime) -> Authentication {
        let seconds = rollcall.settings.token.reauthentication_seconds;
        let session = self.session();
        let by_password = session.authentication_method == "password";
        Authentication {
            session_id: session.id,
            at: by_password.then(|| session.authenticated_at.to_utc()),
            counts_for: chrono::Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX)),
        }
    }
}

impl<S: Context> FromRequestParts<S> for CurrentUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &S) -> Result<Self> {
        let caller = Self::confined_or_not(parts, ctx).await?;
        if Runtime::of(ctx.app())?.sessions.confines(caller.user()) {
            return Err(Problem::email_not_verified());
        }
        Ok(caller)
    }
}

impl CurrentUser {
    /// Also an account that must confirm its address first.
    async fn confined_or_not(parts: &mut Parts, ctx: &impl Context) -> Result<Self> {
        let rollcall = Runtime::of(ctx.app())?;
        let now = rollcall.clock.now();
        let claims = bearer_token(&parts.headers)
            .and_then(|token| rollcall.sessions.access_tokens.verify(token, now))
            .ok_or_else(Problem::unauthorized)?;
        match rollcall
            .sessions
            .authenticate(&rollcall.db, &claims, now)
            .await
        {
            Ok(found) => {
                request_log::note_user(found.user.id);
                Ok(Self(found))
            }
            Err(models::Error::NotFound) => Err(Problem::user_not_found()),
            Err(err) => Err(err.into()),
        }
    }
}

/// An administrator, whatever the token says of its role.
pub struct AdminUser(pub CurrentUser);

impl<S: Context> FromRequestParts<S> for AdminUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &S) -> Result<Self> {
        let caller = CurrentUser::from_request_parts(parts, ctx).await?;
        if caller.user().role.is_admin() {
            Ok(Self(caller))
        } else {
            Err(Problem::forbidden())
        }
    }
}

/// The caller where none is needed: a token that is no longer good counts as none, an outage does not.
pub struct MaybeUser(pub Option<CurrentUser>);

impl<S: Context> FromRequestParts<S> for MaybeUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &S) -> Result<Self> {
        if_any(CurrentUser::from_request_parts(parts, ctx).await).map(Self)
    }
}

/// The same, and it may be one who has to confirm its address: for that and nothing else.
pub struct MaybeUnconfirmed(pub Option<CurrentUser>);

impl<S: Context> FromRequestParts<S> for MaybeUnconfirmed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &S) -> Result<Self> {
        if_any(CurrentUser::confined_or_not(parts, ctx).await).map(Self)
    }
}

fn if_any(caller: Result<CurrentUser>) -> Result<Option<CurrentUser>> {
    match caller {
        Ok(caller) => Ok(Some(caller)),
        Err(problem) if problem.status().is_client_error() => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Where the request comes from.
pub struct From(pub Origin);

impl<S: Context> FromRequestParts<S> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        Ok(Self(Origin {
            address: client_address::of(&parts.extensions),
            user_agent: agent.map(ToString::to_string),
            known_to: None,
        }))
    }
}

/// The cookie of a device that signed in before.
pub struct KnownDevice(pub Option<String>);

/// Its name. Not personal, and sent to the token endpoint only.
pub const DEVICE_COOKIE: &str = "rollcall_device";

impl<S: Context> FromRequestParts<S> for KnownDevice {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let cookies = parts
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok());
        let mut pairs = cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.split_once('='));
        let device = pairs.find(|(name, _)| name.trim() == DEVICE_COOKIE);
        Ok(Self(device.map(|(_, value)| value.trim().to_string())))
    }
}

/// RFC 6750, section 2.1; the scheme's case does not matter (RFC 9110, section 11.1).
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    // Of two, a proxy may have looked at the other one.
    let (Some(value), None) = (given.next(), given.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start())
}

/// A JSON body that keeps the rules of its parameters.
pub struct ValidJson<P>(pub P);

impl<P: Params, S: Context> FromRequest<S> for ValidJson<P> {
    type Rejection = Problem;

    async fn from_request(request: Request, ctx: &S) -> Result<Self> {
        let rollcall = Runtime::of(ctx.app())?;
        let body = match content_type(&request) {
            JSON => json(&read(request).await?)?,
            _ => return Err(Problem::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        };
        parse(body, &rollcall.settings)
            .map(Self)
            .map_err(Problem::invalid)
    }
}

/// The same from a form or from JSON.
pub struct ValidForm<P>(pub P);

impl<P: Params, S: Context> FromRequest<S> for ValidForm<P> {
    type Rejection = Problem;

    async fn from_request(request: Request, ctx: &S) -> Result<Self> {
        let rollcall = Runtime::of(ctx.app())?;
        let body = match content_type(&request) {
            JSON => json(&read(request).await?)?,
            FORM => form(&read(request).await?)?,
            _ => return Err(Problem::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        };
        parse(body, &rollcall.settings)
            .map(Self)
            .map_err(Problem::invalid)
    }
}

/// The parameters of a query that keep their rules.
pub struct ValidQuery<P>(pub P);

impl<P: Params, S: Context> FromRequestParts<S> for ValidQuery<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &S) -> Result<Self> {
        let rollcall = Runtime::of(ctx.app())?;
        let query = form(parts.uri.query().unwrap_or_default().as_bytes())?;
        parse(query, &rollcall.settings)
            .map(Self)
            .map_err(Problem::invalid)
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn content_type(request: &Request) -> &'static str {
    let value = request.headers().get(header::CONTENT_TYPE);
    let essence = value
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(';').next());
    match essence.unwrap_or_default().trim() {
        json if json.eq_ignore_ascii_case(JSON) => JSON,
        form if form.eq_ignore_ascii_case(FORM) => FORM,
        _ => "",
    }
}

async fn read(request: Request) -> Result<Bytes> {
    let body = timeout(BODY_DEADLINE, Bytes::from_request(request, &()))
        .await
        .map_err(|_| {
            Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "The body did not arrive in time.",
            )
        })?;
    body.map_err(|rejection| Problem::from_status(rejection.status()))
}

fn json(body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body).map_err(|err| {
        let detail = format!(
            "The body is not JSON: line {}, column {}.",
            err.line(),
            err.column()
        );
        Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail)
    })
}

fn form(body: &[u8]) -> Result<Value> {
    let malformed = |_| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "malformed_form",
            "The body is not a form.",
        )
    };
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body).map_err(malformed)?;
    let mut object = serde_json::Map::with_capacity(fields.len());
    for (name, value) in fields {
        if object.insert(name.clone(), Value::String(value)).is_some() {
            // RFC 6749, section 3.2
            return Err(Problem::invalid(vec![Fault::new(
                &name,
                "repeated",
                "This field is given twice.",
            )]));
        }
    }
    Ok(Value::Object(object))
}

/// The fields of a form, for endpoints with a dialect of their own.
pub async fn form_fields(request: Request) -> Result<Value> {
    match content_type(&request) {
        FORM => form(&read(request).await?),
        _ => Err(Problem::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    }
}

/// An id in the path. What can't be one is the id of nothing: 404.
pub struct PathId(pub Uuid);

impl<S: Context> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &S) -> Result<Self> {
        let PathName(id) = PathName::from_request_parts(parts, ctx).await?;
        id.parse()
            .map(Self)
            .map_err(|_| models::Error::NotFound.into())
    }
}

/// Two ids in a path: the second is of something that belongs to the first.
pub struct PathIds(pub Uuid, pub Uuid);

impl<S: Context> FromRequestParts<S> for PathIds {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &S) -> Result<Self> {
        let path = Path::<(Uuid, Uuid)>::from_request_parts(parts, ctx).await;
        // What is no id is nobody's.
        path.map(|Path((outer, inner))| Self(outer, inner))
            .map_err(|_| Problem::from_status(StatusCode::NOT_FOUND))
    }
}

/// A name in the path.
pub struct PathName(pub String);

impl<S: Context> FromRequestParts<S> for PathName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &S) -> Result<Self> {
        let path = Path::<String>::from_request_parts(parts, ctx).await;
        path.map(|Path(name)| Self(name))
            .map_err(|rejection| Problem::from_status(rejection.status()))
    }
}

//! The OpenAPI document at `/openapi.json` and Swagger UI at `/docs`, both from the binary.

use std::sync::OnceLock;

use axum::{Router, body::Bytes, http::header, response::IntoResponse, routing::get};
use loco_rs::{Result, app::AppContext};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, Ref, RefOr, Response,
        path::Operation,
        security::{Flow, Http, HttpAuthScheme, OAuth2, Password, Scopes, SecurityScheme},
    },
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    controllers,
    runtime::Runtime,
    views::problem::{self, OAuthError, ProblemBody},
};

const DOCUMENT: &str = "/openapi.json";

/// Paths are written as the reference writes them; both forms, with and without a slash at the end,
/// are answered.
#[derive(OpenApi)]
#[openapi(
    info(title = "Rollcall", description = "User management that people own."),
    paths(
        controllers::auth::register,
        controllers::auth::token,
        controllers::auth::logout,
        controllers::auth::logout_all,
        controllers::oauth::introspect,
        controllers::oauth::revoke,
        controllers::sessions::index,
        controllers::sessions::destroy,
        controllers::users::show_current,
        controllers::users::update_current,
        controllers::users::destroy_current,
        controllers::users::admin_only,
        controllers::users::show,
        controllers::users::show_by_username,
        controllers::verification::request,
        controllers::verification::verify,
        controllers::verification::change,
        controllers::passwords::forgot,
        controllers::passwords::reset,
        controllers::magic_links::request,
        controllers::magic_links::log_in,
        controllers::invitations::accept,
        controllers::invitations::create,
        controllers::invitations::create_again,
        controllers::admin_users::index,
        controllers::admin_users::create,
        controllers::admin_users::batch,
        controllers::admin_users::show,
        controllers::admin_users::update,
        controllers::admin_users::destroy,
        controllers::admin_users::assign_role,
        controllers::admin_users::suspend,
        controllers::admin_users::reinstate,
        controllers::admin_users::restore,
        controllers::admin_users::force_password_reset,
        controllers::admin_users::sessions,
        controllers::admin_users::end_sessions,
        controllers::admin_users::end_session,
        controllers::audit::index,
        controllers::audit::activity,
        controllers::audit::export,
        controllers::monitoring::ping,
        controllers::monitoring::health,
        controllers::monitoring::readiness,
        // paths-inject (do not remove)
    ),
    components(schemas(ProblemBody, OAuthError)),
    tags(
        (name = "auth", description = "Accounts and tokens"),
        (name = "mail", description = "Links that are sent by mail, and what their tokens are good for"),
        (name = "users", description = "The current user, and others for administrators"),
        (name = "sessions", description = "Where the current user is logged in"),
        (name = "admin", description = "For administrators"),
        (name = "oauth", description = "For resource servers: RFC 7662 and RFC 7009"),
        (name = "monitoring", description = "For load balancers"),
        // tags-inject (do not remove)
    ),
    modifiers(&PasswordFlow, &Refusals)
)]
pub struct Document;

/// The Authorize button logs in at the token endpoint; resource servers use HTTP Basic.
struct PasswordFlow;

impl Modify for PasswordFlow {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let flow = Flow::Password(Password::new("/auth/token", Scopes::new()));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("oauth2", SecurityScheme::OAuth2(OAuth2::new([flow])));
        let client = SecurityScheme::Http(Http::new(HttpAuthScheme::Basic));
        components.add_security_scheme("resource_server", client);
    }
}

/// What every operation of a kind can answer is said once, here; and every refusal has its body.
struct Refusals;

/// A status that operations of a kind can answer, and why.
type Refusal = (&'static str, &'static str);

const ALWAYS: &[Refusal] = &[
    ("500", "A fault of the server: `internal_error`"),
    (
        "503",
        "The service can't do this at the moment: `service_unavailable`",
    ),
];
const WITH_A_PATH: &[Refusal] = &[("400", "The path can't be understood: `bad_request`")];
const WITH_A_BODY: &[Refusal] = &[
    (
        "400",
        "The body can't be parsed: `malformed_json`, `malformed_form`",
    ),
    ("408", "The body did not arrive in time: `request_timeout`"),
    ("413", "The body is larger than 16 KiB: `payload_too_large`"),
    (
        "415",
        "The content type is not understood: `unsupported_media_type`",
    ),
    (
        "422",
        "Fields that are not valid, all of them: `validation_failed`",
    ),
];
const WITH_A_TOKEN: &[Refusal] = &[
    (
        "403",
        "The account must confirm its email address first: `email_not_verified`",
    ),
    (
        "401",
        "No access token, or none that is valid now: `invalid_token`",
    ),
    ("404", "The token's user is gone: `user_not_found`"),
];
const WITH_A_LIMIT: &[Refusal] = &[(
    "429",
    "Too many requests or failed attempts; `Retry-After` has the seconds: `too_many_requests`",
)];
const OF_OAUTH: &[Refusal] = &[
    (
        "401",
        "The client's credentials are missing or wrong: `invalid_client`",
    ),
    ("422", "A parameter is given twice: `invalid_request`"),
];

impl Modify for Refusals {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let oauth = path.starts_with("/oauth/");
            let limited = oauth || path.starts_with("/auth/");
            let methods = [
                &mut item.get,
                &mut item.post,
                &mut item.put,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in methods.into_iter().flatten() {
                let kinds = [
                    (true, ALWAYS),
                    (limited, WITH_A_LIMIT),
                    (oauth, OF_OAUTH),
                    (operation.request_body.is_some(), WITH_A_BODY),
                    (operation.parameters.is_some(), WITH_A_PATH),
                    (operation.security.is_some() && !oauth, WITH_A_TOKEN),
                ];
                let refusals = kinds
                    .iter()
                    .filter(|(holds, _)| *holds)
                    .flat_map(|(_, kind)| *kind);
                add_refusals(operation, refusals, oauth);
            }
        }
    }
}

fn add_refusals<'a>(
    operation: &mut Operation,
    refusals: impl Iterator<Item = &'a Refusal>,
    oauth: bool,
) {
    let responses = &mut operation.responses.responses;
    for (status, description) in refusals {
        let refusal = || RefOr::T(Response::new(*description));
        responses
            .entry((*status).to_string())
            .or_insert_with(refusal);
    }
    let (content_type, schema) = if oauth {
        ("application/json", "OAuthError")
    } else {
        (problem::CONTENT_TYPE, "Problem")
    };
    for (status, response) in responses.iter_mut() {
        if let (true, RefOr::T(response)) = (status.starts_with(['4', '5']), response) {
            let content = Content::new(Some(Ref::from_schema_name(schema)));
            response.content.insert(content_type.into(), content);
        }
    }
}

/// The routes of the document and of Swagger UI, if they are switched on.
pub fn routes(ctx: &AppContext) -> Result<Router<AppContext>> {
    if !Runtime::of(ctx)?.settings.docs.enable {
        return Ok(Router::new());
    }
    // No validator badge: it would send the document to a stranger.
    let config = Config::from(DOCUMENT)
        .validator_url("none")
        .persist_authorization(true);
    let page = SwaggerUi::new("/docs").config(config);
    Ok(Router::new().route(DOCUMENT, get(document)).merge(page))
}

/// Made when it is first asked for, and kept: most processes never are.
async fn document() -> problem::Result<impl IntoResponse> {
    static WRITTEN: OnceLock<Bytes> = OnceLock::new();
    let written = if let Some(written) = WRITTEN.get() {
        written
    } else {
        let written = serde_json::to_vec(&Document::openapi()).map_err(loco_rs::Error::from)?;
        WRITTEN.get_or_init(|| written.into())
    };
    Ok((
        [(header::CONTENT_TYPE, "application/json")],
        written.clone(),
    ))
}

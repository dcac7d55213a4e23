//! The OpenAPI document at `/openapi.json` and Swagger UI at `/docs`, both from the binary.

use axum::{Json, Router, routing::get};
use loco_rs::{Result, app::AppContext};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, Ref, RefOr, Response,
        path::Operation,
        security::{Flow, OAuth2, Password, Scopes, SecurityScheme},
    },
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    controllers,
    runtime::Runtime,
    views::problem::{self, ProblemBody},
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
        controllers::users::show_current,
        controllers::users::update_current,
        controllers::users::destroy_current,
        controllers::users::admin_only,
        controllers::users::show,
        controllers::users::show_by_username,
        controllers::monitoring::ping,
        controllers::monitoring::health,
        controllers::monitoring::readiness,
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "auth", description = "Accounts and tokens"),
        (name = "users", description = "The current user, and others for administrators"),
        (name = "monitoring", description = "For load balancers"),
    ),
    modifiers(&PasswordFlow, &Refusals)
)]
pub struct Document;

/// The Authorize button logs in at the token endpoint.
struct PasswordFlow;

impl Modify for PasswordFlow {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let flow = Flow::Password(Password::new("/auth/token", Scopes::new()));
        let scheme = SecurityScheme::OAuth2(OAuth2::new([flow]));
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("oauth2", scheme);
    }
}

/// What every operation of a kind can answer is said once, here; and every refusal is a problem.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for item in document.paths.paths.values_mut() {
            let operations = [
                &mut item.get,
                &mut item.post,
                &mut item.put,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in operations.into_iter().flatten() {
                refusals(operation);
            }
        }
    }
}

fn refusals(operation: &mut Operation) {
    let mut common = vec![
        ("500", "A fault of the server: `internal_error`"),
        (
            "503",
            "The service can't do this at the moment: `service_unavailable`",
        ),
    ];
    if operation.parameters.is_some() {
        common.push(("400", "The path can't be understood: `bad_request`"));
    }
    if operation.request_body.is_some() {
        common.extend([
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
        ]);
    }
    if operation.security.is_some() {
        common.extend([
            (
                "401",
                "No access token, or none that is valid now: `invalid_token`",
            ),
            ("404", "The token's user is gone: `user_not_found`"),
        ]);
    }
    let responses = &mut operation.responses.responses;
    for (status, description) in common {
        responses
            .entry(status.to_string())
            .or_insert_with(|| RefOr::T(Response::new(description)));
    }
    for (status, response) in responses.iter_mut() {
        if let (true, RefOr::T(response)) = (status.starts_with(['4', '5']), response) {
            let schema = Ref::from_schema_name("Problem");
            response
                .content
                .insert(problem::CONTENT_TYPE.into(), Content::new(Some(schema)));
        }
    }
}

/// The routes of the document and of Swagger UI, if they are switched on.
pub fn routes(ctx: &AppContext) -> Result<Router<AppContext>> {
    if !Runtime::of(ctx)?.settings.docs.enable {
        return Ok(Router::new());
    }
    let document = Document::openapi();
    // No validator badge: it would send the document to a stranger.
    let config = Config::from(DOCUMENT)
        .validator_url("none")
        .persist_authorization(true);
    let page = SwaggerUi::new("/docs").config(config);
    Ok(Router::new()
        .route(DOCUMENT, get(async || Json(document)))
        .merge(page))
}

//! Every error that goes out, as RFC 9457 `application/problem+json`. The one place where a fault of
//! any layer becomes an HTTP status.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::models::{self, error::is_outage, params::Fault, throttles::retry_after};

pub type Result<T, E = Problem> = std::result::Result<T, E>;

pub const CONTENT_TYPE: &str = "application/problem+json";

/// Seconds after which a refused client may try again.
const RETRY_AFTER: u64 = 1;

/// A refusal: its status, a stable code and a sentence. It is rendered by
/// `controllers::middlewares::problems`, which knows the request's id.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<Fault>,
    /// Seconds; for 429 and 503.
    retry_after: u64,
}

/// In the extensions of a refusal that has its body already: a page.
#[derive(Clone, Copy)]
pub struct Rendered;

/// The wire form of a [`Problem`].
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(example = "Unprocessable Entity")]
    title: &'static str,
    #[schema(example = 422)]
    status: u16,
    /// What went wrong, as a sentence.
    #[schema(example = "The request has 1 fault.")]
    detail: &'a str,
    /// What went wrong, for machines: stable, snake_case.
    #[schema(example = "validation_failed")]
    code: &'static str,
    /// The request's id, as in the `x-request-id` header and the log.
    #[schema(example = "3f2504e0-4f89-41d3-9a0c-0305e82c3301")]
    instance: &'a str,
    /// Which parts of the body are wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [Fault],
}

/// An error of the OAuth endpoints.
#[derive(Serialize, ToSchema)]
pub struct OAuthError<'a> {
    #[schema(example = "invalid_client")]
    error: &'static str,
    error_description: &'a str,
}

impl Problem {
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: RETRY_AFTER,
        }
    }

    /// 401: no token, or none that is valid now. Says no more, on purpose.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "A valid access token is required.",
        )
    }

    /// 404 when the token is good and its user is gone.
    pub fn user_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "user_not_found", "User not found")
    }

    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Only an administrator may do this.",
        )
    }

    /// What went wrong, for machines.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// 422 with all that is wrong.
    pub fn invalid(errors: Vec<Fault>) -> Self {
        let detail = match errors.as_slice() {
            [fault] if fault.pointer.is_empty() => fault.detail.clone(),
            [fault] => format!("The field {} is not valid: {}", fault.pointer, fault.detail).into(),
            faults => format!("The request has {} faults.", faults.len()).into(),
        };
        Self {
            errors,
            ..Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "validation_failed",
                detail,
            )
        }
    }

    /// 429, with the seconds to wait.
    pub fn too_many_requests(retry_after: u64) -> Self {
        let detail = "There were too many attempts. Try again later.";
        Self {
            retry_after,
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
        }
    }

    /// 401 of the OAuth endpoints.
    pub fn invalid_client() -> Self {
        let detail = "The client's credentials are missing or wrong.";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", detail)
    }

    pub fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "service_unavailable",
            "The service can't do this at the moment. Try again later.",
        )
    }

    fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong. The request's id helps to find out what.",
        )
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The sentence for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// 403 for an account that must confirm its address first.
    pub fn email_not_verified() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "email_not_verified",
            "Confirm your email address first; the link is in the mail that was sent to it.",
        )
    }

    /// The answer with a page in place of the body of a problem.
    pub fn render_page(&self, response: Response, html: String) -> Response {
        let mut response = self.with_headers(response, "text/html; charset=utf-8", "Bearer");
        *response.body_mut() = Body::from(html);
        response.extensions_mut().insert(Rendered);
        response
    }

    /// What stands for an error that another layer answered: routing, a time limit, a panic.
    pub fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => {
                Self::new(status, "bad_request", "The request can't be understood.")
            }
            StatusCode::UNAUTHORIZED => Self::unauthorized(),
            StatusCode::FORBIDDEN => Self::forbidden(),
            StatusCode::NOT_FOUND => Self::new(status, "not_found", "There is nothing here."),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(
                status,
                "method_not_allowed",
                "This method is not allowed here.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(status, "payload_too_large", "The body is too large.")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(
                status,
                "unsupported_media_type",
                "The content type is not one that is understood here.",
            ),
            // The framework's time limit says 408, but the client was not the slow one.
            StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => Self::unavailable(),
            status if status.is_client_error() => {
                Self::new(status, "request_refused", "The request was refused.")
            }
            _ => Self::internal(),
        }
    }

    /// The answer with its body, for a request with this id. Headers that another layer set and that
    /// still hold (`Allow`, CORS) are kept.
    pub fn render(self, response: Response, instance: &str) -> Response {
        let body = ProblemBody {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            instance,
            errors: &self.errors,
        };
        self.answer(response, CONTENT_TYPE, "Bearer", &body)
    }

    /// The same in OAuth's dialect (RFC 6749, section 5.2).
    pub fn render_oauth(self, response: Response) -> Response {
        let error = match self.status {
            StatusCode::UNAUTHORIZED => "invalid_client",
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                "temporarily_unavailable"
            }
            status if status.is_client_error() => "invalid_request",
            _ => "server_error",
        };
        let body = OAuthError {
            error,
            error_description: &self.detail,
        };
        self.answer(response, "application/json", "Basic realm=\"oauth\"", &body)
    }

    fn answer(
        &self,
        response: Response,
        content_type: &'static str,
        challenge: &'static str,
        body: &impl Serialize,
    ) -> Response {
        let mut response = self.with_headers(response, content_type, challenge);
        *response.body_mut() = Body::from(serde_json::to_vec(body).unwrap_or_default());
        response
    }

    fn with_headers(
        &self,
        mut response: Response,
        content_type: &'static str,
        challenge: &'static str,
    ) -> Response {
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for stale in [
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
            header::ETAG,
        ] {
            headers.remove(stale);
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.status {
            // RFC 9110, section 11.6.1
            StatusCode::UNAUTHORIZED => {
                headers.insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static(challenge),
                );
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after));
            }
            _ => {}
        }
        response
    }
}

impl IntoResponse for Problem {
    /// Empty but for the status: the middleware renders it.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<models::Error> for Problem {
    fn from(err: models::Error) -> Self {
        use models::Error;
        match err {
            Error::NotFound => Self::from_status(StatusCode::NOT_FOUND),
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Taken { field } => {
                let detail = format!("The {} is already taken.", field.replace('_', " "));
                let fault = Fault::new(field, "taken", detail.clone());
                Self {
                    errors: vec![fault],
                    ..Self::new(StatusCode::CONFLICT, "already_taken", detail)
                }
            }
            Error::RoleNotAllowed { .. } => Self::new(
                StatusCode::FORBIDDEN,
                "role_not_allowed",
                "Only an administrator may give this role.",
            ),
            Error::InvalidCredentials => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid_credentials",
                "The username or the password is wrong.",
            ),
            Error::InvalidRefreshToken => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid_refresh_token",
                "The refresh token is not valid. Log in again.",
            ),
            Error::SessionEnded => Self::unauthorized(),
            Error::Throttled { wait } => Self::too_many_requests(retry_after(wait)),
            Error::ReauthenticationRequired => Self::new(
                StatusCode::FORBIDDEN,
                "reauthentication_required",
                "Log in again, or send current_password, to change this.",
            ),
            Error::LastAdmin => Self::new(
                StatusCode::CONFLICT,
                "last_admin",
                "This is the last active administrator.",
            ),
            Error::Overloaded(what) => {
                tracing::warn!(what, "refused: too much work is waiting");
                Self::unavailable()
            }
            Error::Database(err) if is_outage(&err) => {
                tracing::error!(error = %err, "the database can't be used");
                Self::unavailable()
            }
            Error::Database(err) => {
                tracing::error!(error = %err, "the database refused a statement");
                Self::internal()
            }
            Error::Internal(err) => {
                tracing::error!(error = err, "internal error");
                Self::internal()
            }
        }
    }
}

impl From<loco_rs::Error> for Problem {
    fn from(err: loco_rs::Error) -> Self {
        match err {
            loco_rs::Error::DB(err) => models::Error::from(err).into(),
            loco_rs::Error::Model(loco_rs::model::ModelError::DbErr(err)) => {
                models::Error::from(err).into()
            }
            err => Self::from_status(err.into_response().status()),
        }
    }
}

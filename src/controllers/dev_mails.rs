//! `/_dev/mails`: what would have been sent, in development only.

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Response},
};
use loco_rs::{app::AppContext, controller::Routes, environment::Environment, prelude::get};

use super::extractors::PathId;
use crate::{
    mailers::account::AccountMailer,
    settings::is_loopback,
    views::{
        dev_mails::RecordedMail,
        problem::{Problem, Result},
    },
};

/// The latest mails, the newest first, as JSON.
pub async fn index(State(ctx): State<AppContext>) -> Result<Json<Vec<RecordedMail>>> {
    let mails = AccountMailer::of(&ctx)?.recorded().all();
    Ok(Json(
        mails.into_iter().rev().map(RecordedMail::new).collect(),
    ))
}

/// One of them, as a mail program shows it.
pub async fn show(State(ctx): State<AppContext>, PathId(id): PathId) -> Result<Response> {
    let mail = AccountMailer::of(&ctx)?.recorded().find(id);
    let mail = mail.ok_or_else(|| Problem::from_status(StatusCode::NOT_FOUND))?;
    Ok(Html(mail.html).into_response())
}

/// A page of somebody else, open in the developer's browser, must not read them.
async fn own_pages_only(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    let is_own = site.is_none_or(|site| ["same-origin", "none"].contains(&site));
    if headers.contains_key(header::ORIGIN) || !is_own {
        return Problem::from_status(StatusCode::FORBIDDEN).into_response();
    }
    next.run(request).await
}

/// Nothing at all elsewhere, and not for the network: whoever reads mails can take over accounts.
pub fn routes(ctx: &AppContext) -> Routes {
    if ctx.environment != Environment::Development || !is_loopback(&ctx.config.server.binding) {
        return Routes::new();
    }
    Routes::new()
        .prefix("/_dev/mails")
        .add("/", get(index))
        .add("/{id}", get(show))
        .layer(from_fn(own_pages_only))
}

//! `/_dev/mails`: what would have been sent, in development only.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use loco_rs::{app::AppContext, controller::Routes, environment::Environment, prelude::get};

use super::extractors::PathId;
use crate::{
    mailers::account::AccountMailer,
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

/// Nothing at all elsewhere: whoever reads mails can take over accounts.
pub fn routes(ctx: &AppContext) -> Routes {
    if ctx.environment != Environment::Development {
        return Routes::new();
    }
    Routes::new()
        .prefix("/_dev/mails")
        .add("/", get(index))
        .add("/{id}", get(show))
}

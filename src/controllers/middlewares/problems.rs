//! Gives every refusal its body: ours, and those of routing, axum, tower and the framework.

use axum::{Router, extract::Request, response::Response};
use loco_rs::{
    app::AppContext,
    controller::middleware::{MiddlewareLayer, request_id::LocoRequestId},
};

use super::around::{Inside, around};
use crate::views::problem::{Problem, Rendered};

pub struct Problems;

impl MiddlewareLayer for Problems {
    fn name(&self) -> &'static str {
        "problems"
    }

    fn config(&self) -> serde_json::Result<serde_json::Value> {
        Ok(serde_json::json!({}))
    }

    fn apply(&self, app: Router<AppContext>) -> loco_rs::Result<Router<AppContext>> {
        Ok(around(app, problems))
    }
}

async fn problems(request: Request, inside: Inside) -> Response {
    let id = request.extensions().get::<LocoRequestId>().cloned();
    let oauth = request.uri().path().starts_with("/oauth/");
    let mut response = inside.answer(request).await;
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    if !is_refusal || response.extensions().get::<Rendered>().is_some() {
        return response;
    }
    let problem = response.extensions_mut().remove::<Problem>();
    let problem = problem.unwrap_or_else(|| Problem::from_status(status));
    if oauth {
        return problem.render_oauth(response);
    }
    problem.render(response, id.as_ref().map_or("", LocoRequestId::get))
}

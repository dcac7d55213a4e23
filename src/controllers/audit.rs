//! `/v1/api/admin/audit`: the trail, for administrators; `/v1/api/users/activity` and
//! `/v1/api/users/export`: one's own part of it, and everything else.

use axum::{Json, extract::OriginalUri, response::Response};
use loco_rs::{controller::Routes, prelude::get};

use super::{
    context::SharedContext,
    extractors::{AdminUser, CurrentUser, Rollcall, ValidQuery},
};
use crate::{
    models::audit_events::search::{self, AuditParams},
    views::{
        audit::{Activity, AuditEvent},
        export::Export,
        page::Page,
        problem::Result,
    },
};

/// Read the audit trail
///
/// The newest event first.
#[utoipa::path(
    get, path = "/v1/api/admin/audit", tag = "admin", security(("oauth2" = [])),
    params(AuditParams),
    responses(
        (status = 200, description = "A page of events", body = Page<AuditEvent>,
            headers(("Link" = String, description = "The next page: `rel=\"next\"`"))),
        (status = 422, description = "Parameters that are not valid, all of them: `validation_failed`"),
    )
)]
pub async fn index(
    rollcall: Rollcall,
    _: AdminUser,
    OriginalUri(uri): OriginalUri,
    ValidQuery(params): ValidQuery<AuditParams>,
) -> Result<Response> {
    let page = search::page(&rollcall.db, &rollcall.cursors, &params, None).await?;
    Ok(Page::of(page, AuditEvent::from).answer(&uri))
}

/// One's own activity
///
/// What the current user did or had done to it: logins, failures, changes. The newest first.
#[utoipa::path(
    get, path = "/v1/api/users/activity", tag = "users", security(("oauth2" = [])),
    params(AuditParams),
    responses(
        (status = 200, description = "A page of events", body = Page<Activity>,
            headers(("Link" = String, description = "The next page: `rel=\"next\"`"))),
        (status = 422, description = "Parameters that are not valid, all of them: `validation_failed`"),
    )
)]
pub async fn activity(
    rollcall: Rollcall,
    caller: CurrentUser,
    OriginalUri(uri): OriginalUri,
    ValidQuery(params): ValidQuery<AuditParams>,
) -> Result<Response> {
    let me = caller.user().id;
    let page = search::page(&rollcall.db, &rollcall.cursors, &params, Some(me)).await?;
    Ok(Page::of(page, |event| Activity::new(event, me)).answer(&uri))
}

/// Export everything
///
/// All that is held about the current user, as one document (GDPR, articles 15 and 20).
#[utoipa::path(
    get, path = "/v1/api/users/export", tag = "users", security(("oauth2" = [])),
    responses((status = 200, description = "Everything", body = Export))
)]
pub async fn export(rollcall: Rollcall, caller: CurrentUser) -> Result<Json<Export>> {
    let means = rollcall.means_of(&caller);
    let user = caller.user().clone();
    let everything = user.export(means, &rollcall.cursors).await?;
    Ok(Json(Export::new(everything, user, means.now)))
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .add("/v1/api/admin/audit", get(index).with_state(ctx.clone()))
        .add(
            "/v1/api/users/activity",
            get(activity).with_state(ctx.clone()),
        )
        .add("/v1/api/users/export", get(export).with_state(ctx.clone()))
}

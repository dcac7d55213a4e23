//! `/account`: pages for the links in mails, where there is no front end. Opening one changes nothing;
//! its form does what the endpoint of the same name below `/auth` does, by the same call.

use axum::{
    extract::{FromRequest, FromRequestParts, Query, Request, State},
    http::{header, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::{Html, IntoResponse, Response},
};
use loco_rs::{
    controller::{Routes, views::ViewEngine},
    prelude::get,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    context::{Context, SharedContext},
    extractors::{From, Rollcall, form_fields},
    middlewares::rate_limit::RateLimit,
};
use crate::{
    models::{
        self, one_time_tokens,
        outbox_mails::Kind,
        params::{Params, parse},
        users::{
            self,
            verification::{MailParams, NewPasswordParams, OneTimeTokenParams, VerifyEmailParams},
        },
    },
    runtime::Runtime,
    views::{
        account::Page,
        auth::TokenResponse,
        problem::{Problem, Rendered, Result},
        templates::Templates,
    },
};

/// A page that is about to be shown, in the language of the browser.
pub struct Shown {
    engine: Templates,
    rollcall: Runtime,
    page: Page,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}

impl<S: Context> FromRequestParts<S> for Shown {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &S) -> Result<Self> {
        let rollcall = Runtime::of(ctx.app())?;
        let engine = ctx
            .app()
            .shared_store
            .get::<ViewEngine<Templates>>()
            .ok_or_else(|| loco_rs::Error::string("the pages have no templates"))?
            .0;
        let wanted = parts.headers.get(header::ACCEPT_LANGUAGE);
        let wanted = wanted
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        // In their order; weights hardly ever say another one.
        let wanted = wanted
            .split(',')
            .filter_map(|tag| tag.split(';').next().map(str::trim));
        let mail = &rollcall.settings.mail;
        let locale = engine.locale(wanted.chain([mail.default_locale.as_str()]));
        let token = Query::<Link>::try_from_uri(&parts.uri).map(|link| link.0.token);
        let page = Page {
            product: mail.product_name.clone(),
            color: mail.color.clone(),
            locale: locale.to_string(),
            token: token.unwrap_or_default(),
            ask_password: rollcall.settings.require_verified_email,
            min_length: rollcall.settings.password.min_length,
            ..Default::default()
        };
        Ok(Self {
            engine,
            rollcall,
            page,
        })
    }
}

impl Shown {
    fn show(&self, name: &str) -> Result<Response> {
        Ok(Html(self.page.render(&self.engine, name)?).into_response())
    }

    /// The form again, with what was wrong; or the page of another problem.
    fn again(mut self, name: &str, err: models::Error) -> Result<Response> {
        let models::Error::Invalid(faults) = err else {
            return Err(err.into());
        };
        let details: Vec<_> = faults.iter().map(|fault| fault.detail.as_ref()).collect();
        self.page.error = details.join(" ");
        let html = self.page.render(&self.engine, name)?;
        let problem = Problem::invalid(faults);
        Ok(problem.render_page(Response::default(), html))
    }
}

/// The fields of a form, unchecked.
pub struct Fields(Value);

impl<S: Context> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        form_fields(request).await.map(Self)
    }
}

impl Fields {
    /// As the endpoints of the API check them. An empty optional field was left out.
    fn parse<P: Params>(mut self, shown: &mut Shown) -> models::Result<P> {
        if let Some(fields) = self.0.as_object_mut() {
            fields.retain(|name, value| name != "password" || value.as_str() != Some(""));
            let token = fields.get("token").and_then(Value::as_str);
            shown.page.token = token.unwrap_or_default().to_string();
        }
        parse(self.0, &shown.rollcall.settings).map_err(models::Error::Invalid)
    }
}

async fn verify_email_form(shown: Shown) -> Result<Response> {
    shown.show("verify_email")
}

async fn verify_email(rollcall: Rollcall, mut shown: Shown, fields: Fields) -> Result<Response> {
    let verified = match fields.parse::<VerifyEmailParams>(&mut shown) {
        Ok(params) => users::Model::verify_email(rollcall.means(), params, None).await,
        Err(err) => Err(err),
    };
    match verified {
        Ok(_) => shown.show("verified"),
        Err(err) => shown.again("verify_email", err),
    }
}

async fn reset_password_form(shown: Shown) -> Result<Response> {
    shown.show("reset_password")
}

async fn reset_password(rollcall: Rollcall, shown: Shown, fields: Fields) -> Result<Response> {
    let kind = one_time_tokens::Kind::ResetPassword;
    new_password(
        rollcall,
        shown,
        fields,
        kind,
        ("reset_password", "password_reset"),
    )
    .await
}

async fn invitation_form(shown: Shown) -> Result<Response> {
    shown.show("invitation")
}

async fn invitation(rollcall: Rollcall, shown: Shown, fields: Fields) -> Result<Response> {
    let kind = one_time_tokens::Kind::Invitation;
    new_password(
        rollcall,
        shown,
        fields,
        kind,
        ("invitation", "invitation_accepted"),
    )
    .await
}

async fn new_password(
    rollcall: Rollcall,
    mut shown: Shown,
    fields: Fields,
    kind: one_time_tokens::Kind,
    (form, done): (&str, &str),
) -> Result<Response> {
    let set = match fields.parse::<NewPasswordParams>(&mut shown) {
        Ok(params) => users::Model::reset_password(rollcall.means(), kind, params).await,
        Err(err) => Err(err),
    };
    match set {
        Ok(_) => shown.show(done),
        Err(err) => shown.again(form, err),
    }
}

async fn magic_link_form(shown: Shown) -> Result<Response> {
    shown.show("magic_link")
}

async fn magic_link(
    rollcall: Rollcall,
    From(origin): From,
    mut shown: Shown,
    fields: Fields,
) -> Result<Response> {
    let means = rollcall.means();
    let granted = match fields.parse::<OneTimeTokenParams>(&mut shown) {
        Ok(params) => users::Model::log_in_by_link(means, &params, &origin).await,
        Err(err) => Err(err),
    };
    let tokens = granted.and_then(|granted| TokenResponse::new(means.sessions, granted, means.now));
    let outcome = if tokens.is_ok() { "success" } else { "refused" };
    rollcall.metrics.login("magic_link", outcome);
    match tokens {
        Ok(tokens) => {
            shown.page.access_token = tokens.access_token;
            shown.page.refresh_token = tokens.refresh_token;
            shown.show("signed_in")
        }
        Err(err) => shown.again("magic_link", err),
    }
}

async fn change_email_form(shown: Shown) -> Result<Response> {
    shown.show("change_email")
}

async fn change_email(rollcall: Rollcall, mut shown: Shown, fields: Fields) -> Result<Response> {
    let changed = match fields.parse::<OneTimeTokenParams>(&mut shown) {
        Ok(params) => users::Model::change_email(rollcall.means(), &params).await,
        Err(err) => Err(err),
    };
    match changed {
        Ok(_) => shown.show("email_changed"),
        Err(err) => shown.again("change_email", err),
    }
}

async fn forgot_password_form(shown: Shown) -> Result<Response> {
    shown.show("forgot_password")
}

async fn forgot_password(
    rollcall: Rollcall,
    From(origin): From,
    mut shown: Shown,
    fields: Fields,
) -> Result<Response> {
    let (means, kind) = (rollcall.means(), Kind::ResetPassword);
    let asked = match fields.parse::<MailParams>(&mut shown) {
        Ok(params) => {
            let email = params.email.unwrap_or_default();
            users::Model::request_mail(means, kind, &email, origin.address).await
        }
        Err(err) => Err(err),
    };
    match asked {
        Ok(()) => shown.show("mail_sent"),
        Err(err) => shown.again("forgot_password", err),
    }
}

/// People read a page, not a problem document.
async fn problems_as_pages(
    State(ctx): State<SharedContext>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let shown = Shown::from_request_parts(&mut parts, &ctx).await;
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    if !is_refusal || response.extensions().get::<Rendered>().is_some() {
        return response;
    }
    let problem = response.extensions_mut().remove::<Problem>();
    let problem = problem.unwrap_or_else(|| Problem::from_status(status));
    let page = shown.and_then(|mut shown| {
        shown.page.status = problem.status().as_u16();
        shown.page.detail = problem.detail().to_string();
        Ok(shown.page.render(&shown.engine, "problem")?)
    });
    match page {
        Ok(html) => problem.render_page(response, html),
        Err(_) => problem.into_response(),
    }
}

pub fn routes(ctx: &SharedContext) -> Routes {
    Routes::new()
        .prefix("/account")
        .add(
            "/verify-email",
            get(verify_email_form)
                .post(verify_email)
                .with_state(ctx.clone()),
        )
        .add(
            "/reset-password",
            get(reset_password_form)
                .post(reset_password)
                .with_state(ctx.clone()),
        )
        .add(
            "/invitation",
            get(invitation_form)
                .post(invitation)
                .with_state(ctx.clone()),
        )
        .add(
            "/magic-link",
            get(magic_link_form)
                .post(magic_link)
                .with_state(ctx.clone()),
        )
        .add(
            "/change-email",
            get(change_email_form)
                .post(change_email)
                .with_state(ctx.clone()),
        )
        .add(
            "/forgot-password",
            get(forgot_password_form)
                .post(forgot_password)
                .with_state(ctx.clone()),
        )
        .layer(RateLimit::of(ctx))
        .layer(from_fn_with_state(ctx.clone(), problems_as_pages))
}

//! One page of a list.

use axum::{
    Json,
    http::{HeaderValue, Uri, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::models::{cursor, users::search};

/// Rows, and where the next ones are.
#[must_use]
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page; null on the last one. Also in the `Link` header (RFC 8288).
    #[schema(required = true)]
    pub next: Option<String>,
    /// How many match in all, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Total>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Total {
    #[schema(example = 4711)]
    pub count: u64,
    /// False when it is "at least so many".
    #[schema(example = true)]
    pub is_exact: bool,
}

impl<T: Serialize> Page<T> {
    pub fn of<R>(page: cursor::Page<R>, view: impl Fn(R) -> T) -> Self {
        Self {
            items: page.rows.into_iter().map(view).collect(),
            next: page.next,
            total: None,
        }
    }

    pub fn with_total(mut self, total: Option<search::Total>) -> Self {
        self.total = total.map(|total| Total {
            count: total.count,
            is_exact: total.is_exact,
        });
        self
    }

    /// The answer to a request for this URI.
    pub fn answer(self, uri: &Uri) -> Response {
        let link = self.next.as_ref().and_then(|cursor| link(uri, cursor));
        let headers = AppendHeaders(link.map(|link| (header::LINK, link)));
        (headers, Json(self)).into_response()
    }
}

/// The same list from this cursor on.
fn link(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let query = uri.query().unwrap_or_default();
    let place = format!("cursor={cursor}");
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let pairs: Vec<_> = kept.chain([place.as_str()]).collect();
    HeaderValue::from_str(&format!(
        "<{}?{}>; rel=\"next\"",
        uri.path(),
        pairs.join("&")
    ))
    .ok()
}

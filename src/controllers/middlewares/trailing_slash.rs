//! With and without the trailing slash, the same answer. The framework strips it from every route it
//! mounts, and a layer of a router runs after routing: so the path is changed in front of the router.

use axum::{
    extract::Request,
    http::uri::{PathAndQuery, Uri},
};

/// Swagger UI redirects `/docs` to `/docs/`: trimming there would never end.
const UNTOUCHED: &str = "/docs";

pub fn trim(mut request: Request) -> Request {
    let path = request.uri().path();
    if path.len() > 1 && path.ends_with('/') && !path.starts_with(UNTOUCHED) {
        let trimmed = &path[..path.len() - 1];
        let target = match request.uri().query() {
            Some(query) => format!("{trimmed}?{query}"),
            None => trimmed.to_string(),
        };
        if let Ok(target) = PathAndQuery::try_from(target) {
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(target);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request
}

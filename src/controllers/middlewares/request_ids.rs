//! A request's id is the caller's where it is a well-formed one, and ours otherwise: the framework would
//! take what is left of it.

use axum::{extract::Request, http::HeaderValue};

const HEADER: &str = "x-request-id";
const MAX_LENGTH: usize = 128;

pub fn check(mut request: Request) -> Request {
    let mut given = request.headers().get_all(HEADER).iter();
    let one = (given.next(), given.next());
    if !matches!(one, (Some(id), None) if is_well_formed(id)) {
        request.headers_mut().remove(HEADER);
    }
    request
}

/// What the framework leaves as it is.
fn is_well_formed(id: &HeaderValue) -> bool {
    let id = id.as_bytes();
    let may_be = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_@".contains(byte);
    (1..=MAX_LENGTH).contains(&id.len()) && id.iter().all(may_be)
}

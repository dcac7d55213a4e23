//! Redactions for snapshots: each looks at the shape before it hides the value.

use insta::internals::{Content, ContentPath};
use uuid::Uuid;

/// A UUID of version 7, in its hyphenated form.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that insta calls"
)]
pub fn uuid_v7(value: Content, _: ContentPath) -> Content {
    let text = value.as_str().expect("a string");
    let id: Uuid = text.parse().expect("a UUID");
    assert_eq!(id.get_version_num(), 7, "{text}");
    assert_eq!(id.hyphenated().to_string(), text);
    "[uuid]".into()
}

/// RFC 3339, UTC, ending in `Z`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that insta calls"
)]
pub fn utc(value: Content, _: ContentPath) -> Content {
    let text = value.as_str().expect("a string");
    assert!(text.ends_with('Z'), "{text}");
    chrono::DateTime::parse_from_rfc3339(text).expect("RFC 3339");
    "[utc]".into()
}

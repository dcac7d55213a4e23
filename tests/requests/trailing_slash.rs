//! What is trimmed from a path, and what is left alone.

use axum::{Router, http::Uri};
use rollcall::controllers::middlewares::trailing_slash::trim;

use crate::support::Client;

#[tokio::test]
async fn one_slash_at_the_end_is_trimmed_and_nothing_else() {
    let client = Client::new(trim(
        Router::new().fallback(async |uri: Uri| uri.to_string()),
    ));

    for (given, seen) in [
        ("/", "/"),
        ("/a", "/a"),
        ("/a/", "/a"),
        ("/a/b/", "/a/b"),
        ("/a//", "/a/"),
        ("/a/?x=1&y=/", "/a?x=1&y=/"),
        ("/a?x=/", "/a?x=/"),
        ("/%2F/", "/%2F"),
        ("/docs/", "/docs/"),
    ] {
        let answer = client.get(given).await;

        assert_eq!(answer.text, seen, "{given}");
    }
}

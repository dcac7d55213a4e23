//! What is trimmed from a path, and what is left alone.

use axum::{Router, http::Uri};
use rollcall::controllers::middlewares::before_routing;

use crate::support::Client;

#[tokio::test]
async fn one_slash_at_the_end_is_trimmed_and_nothing_else() {
    let router = Router::new().fallback(async |uri: Uri| uri.to_string());
    let client = Client::new(before_routing(router, &[]));

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

//! Reading `X-Forwarded-For` and `Forwarded`, hop by hop.

use std::net::IpAddr;

use axum::http::HeaderMap;
use rollcall::controllers::middlewares::client_address::resolve;

/// Behind 10.0.0.1, where 10.0.0.0/8 and fd00::/8 are trusted.
fn resolved(headers: &[(&'static str, &str)]) -> String {
    from("10.0.0.1", headers)
}

fn from(peer: &str, headers: &[(&'static str, &str)]) -> String {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().expect("a header"));
    }
    let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().expect("a network"));
    let peer: IpAddr = peer.parse().expect("an address");
    resolve(peer, &map, &trusted).to_string()
}

fn xff(value: &str) -> String {
    resolved(&[("x-forwarded-for", value)])
}

fn forwarded(value: &str) -> String {
    resolved(&[("forwarded", value)])
}

#[test]
fn without_a_header_it_is_the_peer() {
    assert_eq!(resolved(&[]), "10.0.0.1");
    assert_eq!(from("203.0.113.7", &[]), "203.0.113.7");
    assert_eq!(from("::ffff:203.0.113.7", &[]), "203.0.113.7");
}

#[test]
fn a_peer_that_is_not_trusted_is_the_client() {
    for peer in [
        "203.0.113.7",
        "11.0.0.1",
        "fe80::1",
        "2001:db8::1",
        "::ffff:203.0.113.7",
    ] {
        let headers = [
            ("x-forwarded-for", "198.51.100.1"),
            ("forwarded", "for=198.51.100.2"),
        ];
        assert_eq!(from(peer, &headers), peer.trim_start_matches("::ffff:"));
    }
}

#[test]
fn of_a_chain_it_is_the_last_hop_that_is_not_trusted() {
    assert_eq!(xff("198.51.100.1"), "198.51.100.1");
    assert_eq!(xff("198.51.100.1, 10.0.0.2"), "198.51.100.1");
    assert_eq!(
        xff("6.6.6.6, 198.51.100.1, 10.0.0.3, 10.0.0.2"),
        "198.51.100.1"
    );
    assert_eq!(xff("6.6.6.6,198.51.100.1"), "198.51.100.1");
    assert_eq!(xff("10.9.9.9, 198.51.100.1"), "198.51.100.1");
    assert_eq!(xff("10.0.0.3, 10.0.0.2"), "10.0.0.3", "inside the house");
    assert_eq!(
        from("fd00::1", &[("x-forwarded-for", "198.51.100.1, fd00::2")]),
        "198.51.100.1"
    );
}

#[test]
fn several_lines_are_one_chain() {
    let headers = [
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-for", "198.51.100.1, 10.0.0.2"),
    ];
    assert_eq!(resolved(&headers), "198.51.100.1");
    let headers = [
        ("forwarded", "for=6.6.6.6"),
        ("forwarded", "for=198.51.100.1, for=10.0.0.2"),
    ];
    assert_eq!(resolved(&headers), "198.51.100.1");
}

#[test]
fn addresses_come_in_many_forms() {
    for (text, address) in [
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:DB8::7]:443", "2001:db8::7"),
        ("198.51.100.1:443", "198.51.100.1"),
        ("  198.51.100.1\t", "198.51.100.1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("[::ffff:198.51.100.1]:80", "198.51.100.1"),
    ] {
        assert_eq!(xff(text), address, "{text}");
    }
    assert_eq!(xff("198.51.100.1, ::ffff:10.0.0.2"), "198.51.100.1");
}

#[test]
fn forwarded_is_read_as_its_rfc_has_it() {
    for (value, address) in [
        ("for=198.51.100.1", "198.51.100.1"),
        ("For=198.51.100.1;Proto=https;By=10.0.0.1", "198.51.100.1"),
        ("proto=http;for=198.51.100.1", "198.51.100.1"),
        ("proto=http; for = 198.51.100.1", "198.51.100.1"),
        (r#"for="198.51.100.1:4711""#, "198.51.100.1"),
        (r#"for="[2001:db8:cafe::17]:4711""#, "2001:db8:cafe::17"),
        (r#"for="[2001:db8:cafe::17]""#, "2001:db8:cafe::17"),
        (
            "for=6.6.6.6, for=198.51.100.1;by=10.0.0.3, for=10.0.0.2",
            "198.51.100.1",
        ),
    ] {
        assert_eq!(forwarded(value), address, "{value}");
    }
}

#[test]
fn beyond_a_hop_that_cannot_be_read_nothing_is_believed() {
    for broken in [
        "unknown",
        "_hidden",
        "",
        "198.51.100",
        "1.2.3.4.5",
        "<script>",
        "::g",
        "999.1.1.1",
    ] {
        assert_eq!(xff(broken), "10.0.0.1", "{broken}");
        assert_eq!(
            xff(&format!("198.51.100.1, {broken}")),
            "10.0.0.1",
            "{broken}"
        );
        assert_eq!(
            xff(&format!("198.51.100.1, {broken}, 10.0.0.2")),
            "10.0.0.2",
            "{broken}"
        );
        assert_eq!(
            xff(&format!("{broken}, 198.51.100.1")),
            "198.51.100.1",
            "{broken}"
        );
        assert_eq!(forwarded(&format!("for={broken}")), "10.0.0.1", "{broken}");
        let chain = format!("for=198.51.100.1, for={broken}, for=10.0.0.2");
        assert_eq!(forwarded(&chain), "10.0.0.2", "{broken}");
    }
    assert_eq!(forwarded("by=198.51.100.1;proto=https"), "10.0.0.1");
    assert_eq!(forwarded("198.51.100.1"), "10.0.0.1");
}

#[test]
fn a_header_that_the_proxy_leaves_alone_is_not_believed() {
    // The proxy writes one of the two, the client has sent the other.
    let both = |forwarded, xff| resolved(&[("forwarded", forwarded), ("x-forwarded-for", xff)]);

    assert_eq!(both("for=6.6.6.6", "198.51.100.1"), "10.0.0.1");
    assert_eq!(both("for=198.51.100.1", "6.6.6.6"), "10.0.0.1");
    assert_eq!(
        both("for=6.6.6.6, for=10.0.0.2", "198.51.100.1, 10.0.0.2"),
        "10.0.0.1"
    );
    assert_eq!(both("", "198.51.100.1"), "10.0.0.1");
    assert_eq!(
        both("for=198.51.100.1", "198.51.100.1"),
        "198.51.100.1",
        "they agree"
    );
}

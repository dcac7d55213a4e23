//! Where a request really comes from. What a header says counts only when the peer is a proxy that the
//! operator trusts, by CIDR; of a chain, the last hop that is not one of those.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::{Extensions, HeaderMap},
};
use ipnet::IpNet;

/// The client's address, for handlers and other middlewares.
#[derive(Clone, Copy, Debug)]
struct ClientAddress(IpAddr);

/// `None` when the request did not come over the network.
pub fn of(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ClientAddress>().map(|address| address.0)
}

pub fn note(mut request: Request, trusted: &[IpNet]) -> Request {
    let extensions = request.extensions();
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    if let Some(peer) = peer.map(|peer| peer.0.ip()) {
        let address = resolve(peer, request.headers(), trusted);
        request.extensions_mut().insert(ClientAddress(address));
    }
    request
}

/// By `Forwarded` (RFC 7239) or `X-Forwarded-For`, read from the nearest hop on. Where both are there
/// they must agree: a proxy that writes one of them passes on what the client says in the other.
pub fn resolve(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let forwarded = hops(headers, "forwarded", |element| {
        element.split(';').find_map(forwarded_for)
    });
    let x_forwarded_for = hops(headers, "x-forwarded-for", address);
    let client = |hops: &[Option<IpAddr>]| last_untrusted(peer, hops, trusted);
    match (&forwarded[..], &x_forwarded_for[..]) {
        ([], hops) | (hops, []) => client(hops),
        (a, b) if client(a) == client(b) => client(a),
        _ => peer.to_canonical(),
    }
}

fn last_untrusted(peer: IpAddr, hops: &[Option<IpAddr>], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| {
        trusted
            .iter()
            .any(|network| network.contains(&address.to_canonical()))
    };
    let mut nearest = peer;
    for hop in hops.iter().rev() {
        if !is_trusted(nearest) {
            break;
        }
        // An obfuscated or broken hop: nothing beyond it can be believed.
        let Some(hop) = hop else { break };
        nearest = *hop;
    }
    nearest.to_canonical()
}

fn hops(
    headers: &HeaderMap,
    name: &str,
    parse: impl Fn(&str) -> Option<IpAddr>,
) -> Vec<Option<IpAddr>> {
    let lines = headers
        .get_all(name)
        .iter()
        .map(|line| line.to_str().unwrap_or_default());
    lines
        .flat_map(|line| line.split(','))
        .map(|hop| parse(hop.trim()))
        .collect()
}

fn forwarded_for(pair: &str) -> Option<IpAddr> {
    let (name, value) = pair.split_once('=')?;
    name.trim()
        .eq_ignore_ascii_case("for")
        .then(|| address(value.trim().trim_matches('"')))?
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .trim_start_matches('[')
        .split(']')
        .next()
        .unwrap_or_default();
    text.parse()
        .ok()
        .or_else(|| bare.parse().ok())
        .or_else(|| text.parse::<SocketAddr>().map(|socket| socket.ip()).ok())
}

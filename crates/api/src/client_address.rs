//! The client's address. `X-Forwarded-For` is trusted only for the entries that our own proxies added.

use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The peer address of the connection; the server adds it to each request.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub SocketAddr);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions, &parts.headers, state))
    }
}

/// Address and program of the client.
#[derive(Debug)]
pub struct RequestClient(pub accounts::Client);

impl FromRequestParts<AppState> for RequestClient {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let ClientAddress(address) = ClientAddress::of(&parts.extensions, &parts.headers, state);
        let user_agent = parts.headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Ok(Self(accounts::Client::new(address, user_agent.as_deref())))
    }
}

impl ClientAddress {
    pub fn of(extensions: &Extensions, headers: &HeaderMap, state: &AppState) -> Self {
        let peer = extensions.get::<PeerAddress>().map(|peer| peer.0.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Self(client(peer, headers, state.options.trusted_proxies).to_canonical())
    }
}

/// Each proxy appends the address of its peer. With `trusted_proxies` of our own, the entry of the outermost one is
/// that many from the right. Entries to its left may be forged.
fn client(peer: IpAddr, headers: &HeaderMap, trusted_proxies: usize) -> IpAddr {
    if trusted_proxies == 0 {
        return peer;
    }
    let values = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let trusted_hop = hops.len().checked_sub(trusted_proxies).and_then(|index| hops.get(index));
    trusted_hop.and_then(|hop| hop.parse().ok()).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn client_behind(proxies: usize, forwarded: &'static str) -> String {
        let headers =
            HeaderMap::from_iter([(X_FORWARDED_FOR.parse().expect("a name"), HeaderValue::from_static(forwarded))]);
        client(IpAddr::V4(Ipv4Addr::LOCALHOST), &headers, proxies).to_string()
    }

    #[test]
    fn without_trusted_proxies_the_header_is_ignored() {
        assert_eq!(client_behind(0, "203.0.113.9"), "127.0.0.1");
    }

    #[test]
    fn forged_entries_left_of_those_of_trusted_proxies_are_ignored() {
        assert_eq!(client_behind(1, "10.9.9.9, 203.0.113.9"), "203.0.113.9");
        assert_eq!(client_behind(2, "10.9.9.9, 203.0.113.9, 192.0.2.1"), "203.0.113.9");
        assert_eq!(client_behind(2, "203.0.113.9"), "127.0.0.1");
        assert_eq!(client_behind(1, "nonsense"), "127.0.0.1");
    }
}

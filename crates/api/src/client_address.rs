//! Where a request comes from. What it says of that itself counts only as far as our own proxies wrote it.

use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of the connection, as the server puts it into each request.
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

impl ClientAddress {
    pub fn of(extensions: &Extensions, headers: &HeaderMap, state: &AppState) -> Self {
        let peer = extensions.get::<PeerAddress>().map(|peer| peer.0.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Self(client(peer, headers, state.options.trusted_proxies).to_canonical())
    }
}

/// Each proxy appends whom it heard from. With `trusted_proxies` of ours in front, the entry that the outermost of them
/// wrote is that many from the right; what stands left of it anybody could have made up.
fn client(peer: IpAddr, headers: &HeaderMap, trusted_proxies: usize) -> IpAddr {
    if trusted_proxies == 0 {
        return peer;
    }
    let values = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let written_by_ours = hops.len().checked_sub(trusted_proxies).and_then(|place| hops.get(place));
    written_by_ours.and_then(|hop| hop.parse().ok()).unwrap_or(peer)
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
    fn without_proxies_of_ours_the_header_is_ignored() {
        assert_eq!(client_behind(0, "203.0.113.9"), "127.0.0.1");
    }

    #[test]
    fn what_a_client_forges_stands_left_of_what_our_proxies_wrote() {
        assert_eq!(client_behind(1, "10.9.9.9, 203.0.113.9"), "203.0.113.9");
        assert_eq!(client_behind(2, "10.9.9.9, 203.0.113.9, 192.0.2.1"), "203.0.113.9");
        assert_eq!(client_behind(2, "203.0.113.9"), "127.0.0.1");
        assert_eq!(client_behind(1, "nonsense"), "127.0.0.1");
    }
}

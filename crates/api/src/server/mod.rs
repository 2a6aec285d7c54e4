//! Takes connections and serves them: so many at a time and of one address, none that dawdles, each to the end of its request
//! when the process stops. `axum::serve` has no limits of this kind (tokio-rs/axum#2741).

mod activity;
mod connection_limits;
mod timed_io;

use crate::client_address::PeerAddress;
use activity::Activity;
use axum::Router;
use axum::body::Body;
use connection_limits::{Place, Places};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use platform::lifecycle::Lifecycle;
use socket2::SockRef;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;
use timed_io::TimedIo;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// More than our own limit on heads, so that it is we who answer.
const BUFFER_BYTES_MAX: usize = 128 * 1024;
/// After a failure to accept, such as too many open files.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// Sent to an address that holds too many connections already.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
    content-type: application/problem+json; charset=utf-8\r\ncontent-length: 147\r\n\r\n\
    {\"type\":\"/problems/overloaded\",\"title\":\"Too many connections\",\"status\":503,\"code\":\"overloaded\",\
    \"detail\":\"Too many connections from this address.\"}\n";

/// How many connections are served, and how long each may take for what.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    pub connections_max: usize,
    /// Of one address. None behind proxies, which are few and bring everybody.
    pub of_one_address_max: Option<usize>,
    /// From a head's first byte, or the connection's begin, to the head's end.
    pub head: Duration,
    /// How long a connection may rest between two requests. More than a balancer waits, which would else send a request
    /// into a connection that is being closed.
    pub keep_alive: Duration,
    /// How long a client may read nothing of what is sent to it.
    pub write: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            of_one_address_max: Some(256),
            head: Duration::from_secs(20),
            keep_alive: Duration::from_secs(75),
            write: Duration::from_secs(15),
        }
    }
}

/// Serves until the process stops; connections that are being served then are tasks of the lifecycle.
pub async fn serve(listener: TcpListener, router: Router, limits: ServerLimits, lifecycle: Lifecycle) {
    let places = Places::new(&limits);
    let stopping = lifecycle.stopping.clone();
    let accepting = async {
        loop {
            // No place, no accept: who comes then waits in the kernel's queue.
            let Some(permit) = places.wait().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => match places.admit(permit, peer.ip()) {
                    Some(place) => {
                        lifecycle.spawn(connection(stream, peer, router.clone(), limits, place, lifecycle.clone()));
                    }
                    None => refuse(stream),
                },
                Err(error) => {
                    tracing::warn!(%error, "A connection could not be accepted");
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            }
        }
    };
    stopping.run_until_cancelled(accepting).await;
}

/// The socket's buffer is empty, so this does not wait.
fn refuse(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let written = stream.write(REFUSAL);
        tracing::debug!(?written, "A connection was refused: its address has too many");
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: ServerLimits,
    place: Place,
    lifecycle: Lifecycle,
) {
    prepare(&stream, limits.write);
    let activity = Activity::default();
    let io = TokioIo::new(TimedIo::new(stream, activity.clone(), limits));
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let answering = activity.begin();
        request.extensions_mut().insert(PeerAddress(peer));
        let answer = router.clone().oneshot(request.map(Body::new));
        async move { answer.await.map(|response| response.map(|body| answering.until_sent(body))) }
    });
    let builder = builder();
    let serving = builder.serve_connection(io, service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = lifecycle.stopping.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "A connection broke");
    }
    drop(place);
}

/// A peer that died without a word acknowledges nothing: the kernel then ends the connection, too.
fn prepare(stream: &TcpStream, write_limit: Duration) {
    let prepared =
        stream.set_nodelay(true).and_then(|()| SockRef::from(stream).set_tcp_user_timeout(Some(write_limit)));
    if let Err(error) = prepared {
        tracing::debug!(%error, "A socket could not be set up");
    }
}

/// HTTP/1.1 alone: detecting the version of a silent connection would wait without a limit. Time is [`TimedIo`]'s.
fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().header_read_timeout(None).max_buf_size(BUFFER_BYTES_MAX);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_says_how_long_it_is() {
        let text = std::str::from_utf8(REFUSAL).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");

        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["status"], 503);
    }
}

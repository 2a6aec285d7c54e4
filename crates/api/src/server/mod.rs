//! Accepts and serves connections with limits on their number, per client address, and with timeouts on reads and
//! writes. When the process stops, requests in progress are completed. `axum::serve` has no such limits
//! (tokio-rs/axum#2741).

mod activity;
mod connection_limits;
mod timed_io;

use crate::client_address::PeerAddress;
use activity::Activity;
use axum::Router;
use axum::body::Body;
use connection_limits::{ConnectionLimits, ConnectionSlot};
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

/// Larger than our own limit on request headers, so that our 431 is sent and not hyper's.
const BUFFER_BYTES_MAX: usize = 128 * 1024;
/// The kernel doubles it. One round trip of 100 ms then carries 5 MB per second.
const SOCKET_BUFFER_BYTES: usize = 256 * 1024;
/// Pause after a failed accept, such as too many open files.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);
/// Sent to an address that has too many connections.
const REJECTION: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
    content-type: application/problem+json; charset=utf-8\r\ncontent-length: 147\r\n\r\n\
    {\"type\":\"/problems/overloaded\",\"title\":\"Too many connections\",\"status\":503,\"code\":\"overloaded\",\
    \"detail\":\"Too many connections from this address.\"}\n";

/// Limits on connections and timeouts of each.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    pub connections_max: usize,
    /// `None` behind proxies: all clients share their few addresses.
    pub connections_per_address_max: Option<usize>,
    /// From the first byte of a request, or the start of the connection, to the end of its headers.
    pub header_timeout: Duration,
    /// Idle time between two requests. Must exceed the idle timeout of a load balancer, which would otherwise send a
    /// request on a connection that is being closed.
    pub keep_alive: Duration,
    /// How long a write may make no progress because the client does not read.
    pub write_timeout: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            connections_per_address_max: Some(256),
            header_timeout: Duration::from_secs(20),
            keep_alive: Duration::from_secs(75),
            write_timeout: Duration::from_secs(15),
        }
    }
}

/// Accepts connections until the process stops. Each connection is a task of the lifecycle, which waits for it.
pub async fn serve(listener: TcpListener, router: Router, limits: ServerLimits, lifecycle: Lifecycle) {
    let connection_limits = ConnectionLimits::new(&limits);
    let stopping = lifecycle.stopping.clone();
    let accepting = async {
        loop {
            // Without a free slot nothing is accepted: new connections wait in the kernel's backlog.
            let Some(permit) = connection_limits.acquire().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => match connection_limits.admit(permit, peer.ip()) {
                    Some(slot) => {
                        lifecycle.spawn(connection(stream, peer, router.clone(), limits, slot, lifecycle.clone()));
                    }
                    None => reject(stream),
                },
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
    };
    stopping.run_until_cancelled(accepting).await;
}

/// The send buffer of a new socket is empty, so this write does not block.
fn reject(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let written = stream.write(REJECTION);
        tracing::debug!(?written, "connection rejected: too many from its address");
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: ServerLimits,
    slot: ConnectionSlot,
    lifecycle: Lifecycle,
) {
    set_socket_options(&stream, limits.write_timeout);
    let activity = Activity::default();
    let io = TokioIo::new(TimedIo::new(stream, activity.clone(), limits));
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let guard = activity.begin_request();
        request.extensions_mut().insert(PeerAddress(peer));
        let responding = router.clone().oneshot(request.map(Body::new));
        async move { responding.await.map(|response| response.map(|body| guard.attach_to(body))) }
    });
    let builder = builder();
    let serving = builder.serve_connection(io, service);
    tokio::pin!(serving);
    let result = tokio::select! {
        result = serving.as_mut() => result,
        () = lifecycle.stopping.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection failed");
    }
    drop(slot);
}

/// The TCP user timeout closes connections to peers that vanished: they acknowledge nothing. The buffers would grow to
/// megabytes for a client that sends requests and reads no response.
fn set_socket_options(stream: &TcpStream, write_timeout: Duration) {
    let socket = SockRef::from(stream);
    let result = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_tcp_user_timeout(Some(write_timeout)))
        .and_then(|()| socket.set_send_buffer_size(SOCKET_BUFFER_BYTES))
        .and_then(|()| socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES));
    if let Err(error) = result {
        tracing::debug!(%error, "failed to set socket options");
    }
}

/// HTTP/1.1 only: version detection would wait on a silent connection without a timeout. [`TimedIo`] enforces all
/// timeouts.
fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().header_read_timeout(None).max_buf_size(BUFFER_BYTES_MAX);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_ends_when_its_peer_acknowledges_nothing_and_buffers_little() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let _client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let (stream, _) = listener.accept().await.expect("a connection");

        set_socket_options(&stream, Duration::from_secs(7));

        let socket = SockRef::from(&stream);
        assert_eq!(socket.tcp_user_timeout().expect("an option"), Some(Duration::from_secs(7)));
        assert_eq!(socket.send_buffer_size().expect("an option"), 2 * SOCKET_BUFFER_BYTES);
    }

    #[test]
    fn the_rejection_has_the_right_content_length() {
        let text = std::str::from_utf8(REJECTION).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");

        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["status"], 503);
    }
}

//! Takes connections and serves them: so many at a time, none that dawdles over its head, each to the end of its request
//! when the process stops. `axum::serve` has no limits of this kind (tokio-rs/axum#2741).

use crate::client_address::PeerAddress;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use platform::lifecycle::Lifecycle;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

/// From one request's end, or the connection's begin, to the end of the next head.
const HEAD_LIMIT: Duration = Duration::from_secs(20);
/// More than our own limit on heads, so that it is we who answer.
const BUFFER_BYTES_MAX: usize = 128 * 1024;
/// After a failure to accept, such as too many open files.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Serves until the process stops; connections that are being served then are tasks of the lifecycle.
pub async fn serve(listener: TcpListener, router: Router, connections_max: usize, lifecycle: Lifecycle) {
    let places = Arc::new(Semaphore::new(connections_max));
    let stopping = lifecycle.stopping.clone();
    let accepting = async {
        loop {
            // No place, no accept: who comes then waits in the kernel's queue.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    lifecycle.spawn(connection(stream, peer, router.clone(), place, lifecycle.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "A connection could not be accepted");
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            }
        }
    };
    stopping.run_until_cancelled(accepting).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    place: OwnedSemaphorePermit,
    lifecycle: Lifecycle,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(PeerAddress(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let builder = builder();
    let serving = builder.serve_connection(TokioIo::new(stream), service);
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

/// HTTP/1.1 alone: detecting the version of a silent connection would wait without a limit.
fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).max_buf_size(BUFFER_BYTES_MAX);
    builder
}

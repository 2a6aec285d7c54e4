//! An HTTP server for `GET /metrics` and `GET /system/health/live`, for processes that serve nothing else.

use crate::lifecycle::Lifecycle;
use anyhow::Context;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections that are served at once, far more than the one or two scrapers need; further ones wait.
const CONNECTIONS_MAX: usize = 8;
/// How long a connection, which serves one request, may stay open.
const CONNECTION_LIMIT: Duration = Duration::from_secs(5);
/// The delay after a failure to accept, such as too many open files.
const ACCEPT_DELAY: Duration = Duration::from_millis(100);

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Binds the port; the error names the setting.
pub async fn listen(host: IpAddr, port: u16, variable: &str) -> anyhow::Result<TcpListener> {
    let context = || format!("{variable}: can't listen on {host} port {port}");
    let listener = TcpListener::bind((host, port)).await.with_context(context)?;
    let port = listener.local_addr()?.port();
    tracing::info!(%host, port, "Metrics are served");
    Ok(listener)
}

/// Serves until the process stops.
pub async fn serve(listener: TcpListener, lifecycle: Lifecycle) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let stopping = lifecycle.stopping.clone();
    let accepting = async {
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _peer)) => lifecycle.spawn(connection(stream, permit, lifecycle.clone())),
                Err(error) => {
                    tracing::warn!(%error, "A connection could not be accepted");
                    tokio::time::sleep(ACCEPT_DELAY).await;
                }
            }
        }
    };
    stopping.run_until_cancelled(accepting).await;
}

async fn connection(stream: TcpStream, permit: OwnedSemaphorePermit, lifecycle: Lifecycle) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    // One request per connection, so that idle clients hold no permit.
    let serving = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service_fn(answer));
    let serving = tokio::time::timeout(CONNECTION_LIMIT, serving);
    if let Some(Ok(Err(error))) = lifecycle.stopping.run_until_cancelled(serving).await {
        tracing::debug!(%error, "A connection broke");
    }
    drop(permit);
}

async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let (status, kind, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => match super::text() {
            Ok(text) => (StatusCode::OK, TEXT, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, TEXT, error.to_string()),
        },
        (&Method::GET, "/system/health/live") => (StatusCode::OK, JSON, r#"{"status":"ok"}"#.to_owned()),
        _ => (StatusCode::NOT_FOUND, TEXT, "Not found. Available: /metrics and /system/health/live.\n".to_owned()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

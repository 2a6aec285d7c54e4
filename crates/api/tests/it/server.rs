//! The accept loop, connection limits and timeouts, on real sockets.

use crate::client::ApiClient;
use api::server::{self, ServerLimits};
use axum::Router;
use axum::routing::get;
use platform::lifecycle::Lifecycle;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;

/// More bytes than the socket buffers of both sides hold.
const LONG: usize = 32 * 1024 * 1024;

struct TestServer {
    address: SocketAddr,
    lifecycle: Lifecycle,
    release: Arc<Notify>,
    reached: Arc<Notify>,
}

/// A server whose route `/slow` responds after `release`; `reached` reports that a request has arrived there.
async fn serve(connections_max: usize) -> TestServer {
    serve_within(ServerLimits { connections_max, ..ServerLimits::default() }).await
}

async fn serve_within(limits: ServerLimits) -> TestServer {
    let (release, reached, lifecycle) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Lifecycle::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (released, arrived) = (Arc::clone(&release), Arc::clone(&reached));
    let slow = get(async move || {
        arrived.notify_one();
        released.notified().await;
        "done"
    });
    let router = Router::new()
        .route("/slow", slow)
        .route("/fast", get(async || "fast"))
        .route("/long", get(async || "x".repeat(LONG)));
    lifecycle.spawn(server::serve(listener, router, limits, lifecycle.clone()));
    TestServer { address, lifecycle, release, reached }
}

async fn send(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("read");
    text
}

#[tokio::test]
async fn a_request_in_progress_is_completed_while_the_process_stops() {
    let serving = serve(8).await;
    let stream = send(serving.address, "/slow").await;
    serving.reached.notified().await;

    serving.lifecycle.stopping.cancel();
    serving.release.notify_one();

    assert!(rest(stream).await.ends_with("done"));
    serving.lifecycle.tasks.close();
    serving.lifecycle.tasks.wait().await;
    assert!(TcpStream::connect(serving.address).await.is_err());
}

#[tokio::test]
async fn an_idle_connection_does_not_keep_the_process_from_stopping() {
    let serving = serve(8).await;
    let idle = TcpStream::connect(serving.address).await.unwrap();

    serving.lifecycle.stopping.cancel();
    serving.lifecycle.tasks.close();
    serving.lifecycle.tasks.wait().await;

    assert_eq!(rest(idle).await, "");
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_until_another_one_closes() {
    let serving = serve(1).await;
    let first = send(serving.address, "/slow").await;
    serving.reached.notified().await;
    let mut second = send(serving.address, "/fast").await;

    let mut byte = [0; 1];
    let early = tokio::time::timeout(Duration::from_millis(100), second.peek(&mut byte)).await;
    assert!(early.is_err(), "responded although the only connection slot was in use");
    serving.release.notify_one();
    drop(first);

    let mut head = [0; 15];
    second.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_request_with_a_missing_or_repeated_host_header_is_refused(pool: sqlx::PgPool) {
    let client = ApiClient::new(pool);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    client.lifecycle.spawn(server::serve(
        listener,
        client.router.clone(),
        ServerLimits::default(),
        client.lifecycle.clone(),
    ));
    let send_with = async |head: &str| {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        let head = format!("GET /system/health/live {head}connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        rest(stream).await
    };

    for head in ["HTTP/1.1\r\n", "HTTP/1.1\r\nhost: a\r\nhost: b\r\n", "HTTP/1.0\r\nhost: a\r\nhost: a\r\n"] {
        let response = send_with(head).await;
        assert!(response.contains(" 400 Bad Request"), "{response}");
        assert!(response.contains(r#""code":"invalid-host""#), "{response}");
    }
    for head in ["HTTP/1.1\r\nhost: a\r\n", "HTTP/1.0\r\n"] {
        assert!(send_with(head).await.contains(" 200 OK"), "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn request_headers_that_never_end_are_cut_off() {
    let serving = serve(8).await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    stream.write_all(b"GET /fast HTTP/1.1\r\nx-drip:").await.unwrap();

    let begun = tokio::time::Instant::now();
    rest(stream).await;

    assert!(begun.elapsed() <= Duration::from_secs(30));
}

/// Connects from another loopback address.
async fn connect_from(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(format!("{from}:0").parse().expect("an address")).expect("bound");
    socket.connect(to).await.expect("connected")
}

async fn status_of(mut stream: TcpStream) -> String {
    // The server may have closed a refused connection before this is sent.
    let _sent = stream.write_all(b"GET /fast HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let mut head = vec![0; 12];
    match stream.read_exact(&mut head).await {
        Ok(_) => String::from_utf8_lossy(&head).into_owned(),
        Err(error) => error.kind().to_string(),
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_the_keep_alive_time() {
    let serving = serve(8).await;
    let mut stream = send(serving.address, "/fast").await;
    let mut status_line = [0; 15];
    stream.read_exact(&mut status_line).await.unwrap();

    let begun = tokio::time::Instant::now();
    rest(stream).await;

    assert_eq!(begun.elapsed().as_secs(), 75);
}

#[tokio::test(start_paused = true)]
async fn the_headers_of_the_next_request_have_the_same_timeout_as_the_first() {
    let serving = serve(8).await;
    let mut stream = send(serving.address, "/fast").await;
    let mut status_line = [0; 15];
    stream.read_exact(&mut status_line).await.unwrap();
    stream.write_all(b"GET /fast HTTP/1.1\r\nx-drip:").await.unwrap();

    let begun = tokio::time::Instant::now();
    rest(stream).await;

    assert!(begun.elapsed() <= Duration::from_secs(21), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_client_that_never_reads_its_responses_is_disconnected() {
    let limits =
        ServerLimits { connections_max: 1, write_timeout: Duration::from_millis(300), ..ServerLimits::default() };
    let serving = serve_within(limits).await;
    let stalled = send(serving.address, "/long").await;

    // Waits for the only connection slot.
    let second = tokio::time::timeout(Duration::from_secs(20), status_of(send(serving.address, "/fast").await));

    assert_eq!(second.await.expect("the stalled client is still connected"), "HTTP/1.1 200");
    drop(stalled);
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_the_whole_response() {
    let limits = ServerLimits { write_timeout: Duration::from_millis(500), ..ServerLimits::default() };
    let serving = serve_within(limits).await;
    let mut slow = send(serving.address, "/long").await;
    let (mut chunk, mut read) = (vec![0; LONG / 16], 0);

    let mut interval = tokio::time::interval(Duration::from_millis(50));
    while read < LONG {
        interval.tick().await;
        let some = slow.read(&mut chunk).await.expect("still connected");
        assert!(some > 0, "cut off after {read} bytes");
        read += some;
    }
}

#[tokio::test]
async fn idle_connections_of_one_address_do_not_block_other_addresses() {
    let limits = ServerLimits { connections_max: 64, connections_per_address_max: Some(8), ..ServerLimits::default() };
    let serving = serve_within(limits).await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(connect_from("127.0.0.2", serving.address).await);
    }

    assert_eq!(status_of(connect_from("127.0.0.3", serving.address).await).await, "HTTP/1.1 200");
    let refused = status_of(connect_from("127.0.0.2", serving.address).await).await;
    assert!(refused == "HTTP/1.1 503" || refused == "connection reset", "{refused}");
    idle.clear();
}

#[tokio::test]
async fn the_last_connection_slots_are_reserved_for_addresses_without_a_connection() {
    let limits = ServerLimits { connections_max: 32, connections_per_address_max: None, ..ServerLimits::default() };
    let serving = serve_within(limits).await;
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(connect_from("127.0.0.2", serving.address).await);
    }

    // Well before the idle connections are closed because they send no request.
    let status = status_of(connect_from("127.0.0.3", serving.address).await);
    let status = tokio::time::timeout(Duration::from_secs(5), status).await;
    assert_eq!(status.expect("every connection slot is in use"), "HTTP/1.1 200");
}

//! The accept loop, on real sockets.

use crate::client::Door;
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

/// More than all buffers on the way hold.
const LONG: usize = 32 * 1024 * 1024;

struct Serving {
    address: SocketAddr,
    lifecycle: Lifecycle,
    release: Arc<Notify>,
    reached: Arc<Notify>,
}

/// A server whose one route answers when it is told to.
async fn serve(connections_max: usize) -> Serving {
    serve_within(ServerLimits { connections_max, ..ServerLimits::default() }).await
}

async fn serve_within(limits: ServerLimits) -> Serving {
    let (release, reached, lifecycle) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Lifecycle::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (held, told) = (Arc::clone(&release), Arc::clone(&reached));
    let slow = get(async move || {
        told.notify_one();
        held.notified().await;
        "done"
    });
    let router = Router::new()
        .route("/slow", slow)
        .route("/fast", get(async || "fast"))
        .route("/long", get(async || "x".repeat(LONG)));
    lifecycle.spawn(server::serve(listener, router, limits, lifecycle.clone()));
    Serving { address, lifecycle, release, reached }
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
async fn a_request_that_was_begun_is_answered_though_the_process_stops() {
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
async fn one_connection_more_than_allowed_waits_for_its_turn() {
    let serving = serve(1).await;
    let first = send(serving.address, "/slow").await;
    serving.reached.notified().await;
    let mut second = send(serving.address, "/fast").await;

    let mut byte = [0; 1];
    let early = tokio::time::timeout(Duration::from_millis(100), second.peek(&mut byte)).await;
    assert!(early.is_err(), "answered while the only place was taken");
    serving.release.notify_one();
    drop(first);

    let mut head = [0; 15];
    second.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_request_that_does_not_say_whom_it_is_for_is_refused(pool: sqlx::PgPool) {
    let door = Door::open(pool);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    door.lifecycle.spawn(server::serve(listener, door.router.clone(), ServerLimits::default(), door.lifecycle.clone()));
    let ask = async |head: &str| {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        let head = format!("GET /system/health/live {head}connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        rest(stream).await
    };

    for head in ["HTTP/1.1\r\n", "HTTP/1.1\r\nhost: a\r\nhost: b\r\n", "HTTP/1.0\r\nhost: a\r\nhost: a\r\n"] {
        let answer = ask(head).await;
        assert!(answer.contains(" 400 Bad Request") && answer.contains(r#""code":"invalid-host""#), "{answer}");
    }
    for head in ["HTTP/1.1\r\nhost: a\r\n", "HTTP/1.0\r\n"] {
        assert!(ask(head).await.contains(" 200 OK"), "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_cut_off() {
    let serving = serve(8).await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    stream.write_all(b"GET /fast HTTP/1.1\r\nx-drip:").await.unwrap();

    let begun = tokio::time::Instant::now();
    rest(stream).await;

    assert!(begun.elapsed() <= Duration::from_secs(30));
}

/// From another address of this machine.
async fn connect_from(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(format!("{from}:0").parse().expect("an address")).expect("bound");
    socket.connect(to).await.expect("connected")
}

async fn status_of(mut stream: TcpStream) -> String {
    // A connection that is refused may be over before this is sent.
    let _sent = stream.write_all(b"GET /fast HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let mut head = vec![0; 12];
    match stream.read_exact(&mut head).await {
        Ok(_) => String::from_utf8_lossy(&head).into_owned(),
        Err(error) => error.kind().to_string(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_rests_for_as_long_as_it_may_and_no_longer() {
    let serving = serve(8).await;
    let mut stream = send(serving.address, "/fast").await;
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();

    let begun = tokio::time::Instant::now();
    rest(stream).await;

    assert_eq!(begun.elapsed().as_secs(), 75);
}

#[tokio::test(start_paused = true)]
async fn the_next_head_has_no_more_time_than_the_first() {
    let serving = serve(8).await;
    let mut stream = send(serving.address, "/fast").await;
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    stream.write_all(b"GET /fast HTTP/1.1\r\nx-drip:").await.unwrap();

    let begun = tokio::time::Instant::now();
    rest(stream).await;

    assert!(begun.elapsed() <= Duration::from_secs(21), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_client_that_never_reads_its_answers_is_disconnected() {
    let limits =
        ServerLimits { connections_max: 1, write_timeout: Duration::from_millis(300), ..ServerLimits::default() };
    let serving = serve_within(limits).await;
    let deaf = send(serving.address, "/long").await;

    // Waits for the only place.
    let second = tokio::time::timeout(Duration::from_secs(20), status_of(send(serving.address, "/fast").await));

    assert_eq!(second.await.expect("the deaf one has the place still"), "HTTP/1.1 200");
    drop(deaf);
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_all_of_it() {
    let limits = ServerLimits { write_timeout: Duration::from_millis(500), ..ServerLimits::default() };
    let serving = serve_within(limits).await;
    let mut slow = send(serving.address, "/long").await;
    let (mut chunk, mut read) = (vec![0; LONG / 16], 0);

    let mut pace = tokio::time::interval(Duration::from_millis(50));
    while read < LONG {
        pace.tick().await;
        let some = slow.read(&mut chunk).await.expect("still connected");
        assert!(some > 0, "cut off after {read} bytes");
        read += some;
    }
}

#[tokio::test]
async fn silent_connections_of_one_address_keep_out_neither_others_nor_probes() {
    let limits = ServerLimits { connections_max: 64, connections_per_address_max: Some(8), ..ServerLimits::default() };
    let serving = serve_within(limits).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(connect_from("127.0.0.2", serving.address).await);
    }

    assert_eq!(status_of(connect_from("127.0.0.3", serving.address).await).await, "HTTP/1.1 200");
    let refused = status_of(connect_from("127.0.0.2", serving.address).await).await;
    assert!(refused == "HTTP/1.1 503" || refused == "connection reset", "{refused}");
    silent.clear();
}

#[tokio::test]
async fn the_last_places_are_kept_for_those_who_have_none() {
    let limits = ServerLimits { connections_max: 32, connections_per_address_max: None, ..ServerLimits::default() };
    let serving = serve_within(limits).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(connect_from("127.0.0.2", serving.address).await);
    }

    assert_eq!(status_of(connect_from("127.0.0.3", serving.address).await).await, "HTTP/1.1 200");
}

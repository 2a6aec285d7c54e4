//! The accept loop, on real sockets.

use crate::door::Door;
use api::server;
use axum::Router;
use axum::routing::get;
use platform::lifecycle::Lifecycle;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

struct Serving {
    address: SocketAddr,
    lifecycle: Lifecycle,
    release: Arc<Notify>,
    reached: Arc<Notify>,
}

/// A server whose one route answers when it is told to.
async fn serve(connections_max: usize) -> Serving {
    let (release, reached, lifecycle) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Lifecycle::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (held, told) = (Arc::clone(&release), Arc::clone(&reached));
    let slow = get(async move || {
        told.notify_one();
        held.notified().await;
        "done"
    });
    let router = Router::new().route("/slow", slow).route("/fast", get(async || "fast"));
    lifecycle.spawn(server::serve(listener, router, connections_max, lifecycle.clone()));
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
    let early = tokio::time::timeout(std::time::Duration::from_millis(100), second.peek(&mut byte)).await;
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
    door.lifecycle.spawn(server::serve(listener, door.router.clone(), 8, door.lifecycle.clone()));
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

    assert!(begun.elapsed() <= std::time::Duration::from_secs(30));
}

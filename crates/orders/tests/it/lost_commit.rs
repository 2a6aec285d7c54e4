//! The connection is lost after the database has committed, before its response arrives.

use crate::fixtures::{count, intake, order};
use futures::future::join_all;
use orders::IntakeLimits;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The response of Postgres to a successful commit.
const COMMITTED: &[u8] = b"C\0\0\0\x0bCOMMIT\0";

/// A proxy in front of Postgres that closes the connection in place of the responses to the first `to_lose` commits.
async fn lossy_proxy(target: String, to_lose: usize) -> (u16, JoinSet<()>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (left, mut tasks) = (Arc::new(AtomicUsize::new(to_lose)), JoinSet::new());
    let counter = Arc::clone(&left);
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (client, _) = listener.accept().await.expect("a client");
            let server = TcpStream::connect(&target).await.expect("Postgres");
            connections.spawn(forward(client, server, Arc::clone(&counter)));
        }
    });
    (port, tasks, left)
}

async fn forward(client: TcpStream, server: TcpStream, left: Arc<AtomicUsize>) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let responses = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            let committed = buffer[..length].windows(COMMITTED.len()).any(|bytes| bytes == COMMITTED);
            let lose = |left: usize| left.checked_sub(1);
            if committed && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose).is_ok() {
                return;
            }
            if to_client.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = responses => {}
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_commit_with_a_lost_response_is_detected_and_counts_once(options: PgPoolOptions, direct: PgConnectOptions) {
    let target = format!("{}:{}", direct.get_host(), direct.get_port());
    let (port, _proxy, left) = lossy_proxy(target, 2).await;
    let through_proxy = direct.clone().host("127.0.0.1").port(port).ssl_mode(PgSslMode::Disable);
    let pool = options.connect_with(through_proxy).await.expect("a pool");
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());

    let results = join_all((0..200).map(|number| intake.place(order(&format!("k-{number}"))))).await;

    assert_eq!(left.load(Ordering::SeqCst), 0);
    assert!(results.iter().all(|result| result.is_ok_and(|accepted| !accepted.replayed)), "{results:?}");
    let direct = PgPool::connect_with(direct).await.expect("a pool");
    assert_eq!(count(&direct, "SELECT count(*) FROM orders.orders").await, 200);
    assert_eq!(count(&direct, "SELECT count(*) FROM messaging.outbox").await, 400);
    direct.close().await;
}

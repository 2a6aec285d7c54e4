//! Losing the connection to Postgres after a commit, but before its confirmation arrives.

use crate::client::{ApiClient, HEADPHONES, post};
use accounts::Role;
use axum::http::StatusCode;
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::{PgPoolOptions, PgSslMode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The message with which Postgres confirms a commit.
const COMMITTED: &[u8] = b"C\0\0\0\x0bCOMMIT\0";

/// A proxy of Postgres. It drops the confirmations of the next `to_lose` commits and closes their connections.
async fn commit_losing_proxy(target: String, to_lose: Arc<AtomicUsize>) -> (u16, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (port, mut tasks) = (listener.local_addr().expect("an address").port(), JoinSet::new());
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (client, _) = listener.accept().await.expect("a client");
            let server = TcpStream::connect(&target).await.expect("Postgres");
            connections.spawn(forward(client, server, Arc::clone(&to_lose)));
        }
    });
    (port, tasks)
}

async fn forward(client: TcpStream, server: TcpStream, to_lose: Arc<AtomicUsize>) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let responses = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            let committed = buffer[..length].windows(COMMITTED.len()).any(|bytes| bytes == COMMITTED);
            let lose = |left: usize| left.checked_sub(1);
            let is_lost = committed && to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose).is_ok();
            if is_lost || to_client.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = responses => {}
        _ = copy(&mut from_client, &mut to_server) => {}
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_change_whose_commit_confirmation_is_lost_succeeds_and_happens_once(pool: PgPool) {
    let direct = pool.connect_options();
    let to_lose = Arc::new(AtomicUsize::new(0));
    let (port, _proxy) =
        commit_losing_proxy(format!("{}:{}", direct.get_host(), direct.get_port()), Arc::clone(&to_lose)).await;
    let through = (*direct).clone().host("127.0.0.1").port(port).ssl_mode(PgSslMode::Disable);
    let client = ApiClient::new(PgPoolOptions::new().max_connections(4).connect_lazy_with(through));
    let vendor = client.seed_user("vendor@orders.local", Role::Vendor).await;
    let warehouse_id = client.create_stock(vendor.id).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let receive = || {
        let body = json!({ "sku": HEADPHONES, "warehouse_id": warehouse_id, "kind": "received", "quantity": 10, "reason": "note" });
        client.send(post("/inventory/adjustments").by(&admin).header("idempotency-key", "note-1").json(&body))
    };

    to_lose.store(1, Ordering::SeqCst);
    let responses = [receive().await, receive().await];

    assert_eq!(to_lose.load(Ordering::SeqCst), 0, "one confirmation was dropped");
    for response in responses {
        assert_eq!(response.expect(StatusCode::CREATED)["on_hand"], 110);
    }
    let received = "SELECT count(*) FROM inventory.ledger WHERE kind = 'received' AND on_hand_delta = 10";
    let received: i64 = sqlx::query_scalar(received).fetch_one(&pool).await.expect("a count");
    assert_eq!(received, 1);
    client.pool.close().await;
}

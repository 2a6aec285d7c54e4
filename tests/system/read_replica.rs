//! Lists are read from a replica, but never from one that is too far behind.

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use std::time::Duration;
use system_tests::database::Database;
use system_tests::{NewOrder, SeedProduct, TestSystem, client, eventually, settings};

const LIMIT: Duration = Duration::from_secs(30);
const NAME: &str = "read_replica";

/// The replica, as its operator sees it.
struct Replica(PgConnection);

impl Replica {
    async fn connect() -> Self {
        Self(PgConnection::connect(&settings::replica_url()).await.expect("a replica"))
    }

    async fn pause(&mut self) {
        sqlx::query("SELECT pg_wal_replay_pause()").execute(&mut self.0).await.expect("a replica can be paused");
    }

    async fn resume(&mut self) {
        sqlx::query("SELECT pg_wal_replay_resume()").execute(&mut self.0).await.expect("a replica can be resumed");
    }
}

/// Waits until a process has logged `text`.
async fn logged(system: &TestSystem, text: &str) {
    eventually(text, LIMIT, || {
        let count = system.logs().filter(|log| log.contains(text)).count();
        async move { if count > 0 { Ok(()) } else { Err("not logged".to_owned()) } }
    })
    .await;
}

#[tokio::test]
async fn lists_come_from_the_replica_until_it_is_further_behind_than_allowed() {
    let mut replica = Replica::connect().await;
    replica.resume().await;
    let url = settings::replica_url_of(&Database::url_of(NAME));
    let system = TestSystem::of(NAME).product(SeedProduct::of("SKU-READ", 100)).setting("DATABASE_READ_URL", &url);
    let system = system.setting("DATABASE_READ_STALENESS_SECONDS", "4").start().await;
    let client = system.client().signed_up("reader").await;
    logged(&system, "Lists are read from the replica").await;

    replica.pause().await;
    let id = client.place_accepted(&NewOrder::of("SKU-READ", 1)).await.to_string();
    let shown = |list: &Value| client::list(list).iter().any(|order| order["id"] == id.as_str());
    let stale = client.get("/orders").await;
    eventually("the list to come from the primary", LIMIT, || async {
        if shown(&client.get("/orders").await) { Ok(()) } else { Err("not in the list".to_owned()) }
    })
    .await;
    logged(&system, "the replica is too far behind").await;
    replica.resume().await;

    assert!(!shown(&stale), "the list did not come from the paused replica: {stale}");
    system.finish().await;
}

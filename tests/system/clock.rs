//! The time of a process is that of its database, whatever its machine's clock says.

use sqlx::AssertSqlSafe;
use std::time::Duration;
use system_tests::{ApiClient, NewOrder, Role, SeedProduct, TestSystem, eventually};

const LIMIT: Duration = Duration::from_secs(30);

/// Finds the functions of the schema `ahead` before those of Postgres.
const SEARCH_PATH: &str = "options[search_path]=ahead,pg_catalog,public";

#[tokio::test]
async fn a_deadline_follows_the_databases_clock_from_the_first_connection_on_and_when_that_clock_jumps() {
    // The api has one connection in each of its two pools. They are in use from its first order on, so that nothing but
    // its heartbeat can notice the jump.
    let described = TestSystem::of("clock_ahead").setting("DATABASE_MAX_CONNECTIONS", "2").schedulers(0);
    let mut system = described.product(SeedProduct::of("SKU-TIMED", 10_000)).start().await;
    // A worker would replace the deadlines.
    assert!(system.one(Role::Worker).stop().await);
    // The first request arrives before the first connection knows the time, and that answer is slow.
    set_ahead(&system, 60, 1.2).await;
    let url = &system.database.url;
    let url = format!("{url}{}{SEARCH_PATH}", if url.contains('?') { '&' } else { '?' });
    let mut holder = platform::postgres::begin(system.pool()).await.expect("a transaction");
    sqlx::query("LOCK TABLE operations.processes IN SHARE MODE").execute(&mut *holder).await.expect("no heartbeats");

    let api = system.one(Role::Api);
    api.set("DATABASE_URL", &url);
    api.set("DATABASE_STATEMENT_CACHE", "100");
    let pid = api.pid();
    system.kill_and_restart(pid).await;
    let client = system.client().signed_up("timely").await;
    let minutes = place_and_read_deadline(&system, &client).await;
    assert!((60..65).contains(&minutes), "{minutes} minutes from now, before any heartbeat");
    holder.rollback().await.expect("released");

    set_ahead(&system, 70, 0.0).await;
    eventually("deadlines to follow the jump", LIMIT, || async {
        let minutes = place_and_read_deadline(&system, &client).await;
        if (70..75).contains(&minutes) { Ok(()) } else { Err(format!("a deadline {minutes} minutes from now")) }
    })
    .await;
    system.one(Role::Worker).start();
    system.one(Role::Worker).until_ready().await;
    system.finish().await;
}

/// Makes `clock_timestamp()` of the schema `ahead` return, after `seconds`, a time that is so many minutes ahead.
async fn set_ahead(system: &TestSystem, minutes: i32, seconds: f64) {
    let define = format!(
        "CREATE SCHEMA IF NOT EXISTS ahead;
         CREATE OR REPLACE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
             RETURN (SELECT pg_catalog.clock_timestamp() + make_interval(mins => {minutes})
                       FROM pg_catalog.pg_sleep({seconds}));"
    );
    sqlx::raw_sql(AssertSqlSafe(define)).execute(system.pool()).await.expect("defined");
}

/// Places an order. Returns in how many minutes its saga has its first deadline, by the true time.
async fn place_and_read_deadline(system: &TestSystem, client: &ApiClient) -> i32 {
    let order = client.place_accepted(&NewOrder::of("SKU-TIMED", 1)).await;
    let minutes = "SELECT (extract(epoch FROM deadline_at - pg_catalog.clock_timestamp()) / 60)::int
                     FROM orders.sagas WHERE order_id = $1";
    sqlx::query_scalar(minutes).bind(order).fetch_one(system.pool()).await.expect("the order's saga")
}

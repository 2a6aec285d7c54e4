//! Two pools of connections: requests that wait for row locks do not starve intake and health checks.

use crate::client::{ApiClient, ApiRequest, HEADPHONES, OPTIONS, get};
use accounts::Role;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use futures::future::join_all;
use platform::postgres::{PoolActivity, Pools};
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::time::{Duration, Instant};

/// The two pools of a process, connected to the test's database.
fn pools(pool: &PgPool, vital: u32, common: u32) -> Pools {
    let pool_activity = PoolActivity::default();
    let options =
        |connections| PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(3));
    let connect = || (*pool.connect_options()).clone();
    let vital = pool_activity.watch(options(vital)).connect_lazy_with(connect());
    Pools { vital, common: options(common).connect_lazy_with(connect()), pool_activity }
}

/// How many connections to the test's database wait for a lock.
async fn blocked(pool: &PgPool) -> i64 {
    let blocked = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(blocked).fetch_one(pool).await.expect("the activity")
}

#[sqlx::test(migrations = "../../migrations")]
async fn updates_that_wait_for_a_row_lock_block_neither_orders_nor_health_checks(pool: PgPool) {
    let client = ApiClient::with_pools(pools(&pool, 3, 4), OPTIONS);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    // Neither the status of the account nor the price is cached yet: both are read while the row is locked.
    let customer = client.customer().await;
    let mut lock = platform::postgres::begin(&pool).await.expect("begun");
    sqlx::query("SELECT FROM catalogue.products WHERE sku = $1 FOR UPDATE")
        .bind(HEADPHONES)
        .execute(&mut *lock)
        .await
        .expect("locked");

    let update = || {
        let path = format!("/products/{HEADPHONES}");
        client.send(ApiRequest::new(Method::PATCH, &path).by(&vendor).json(&json!({ "description": "the same" })))
    };
    let updating = join_all((0..40).map(|_| update()));
    let others = async {
        let all_wait = async { while blocked(&pool).await < 4 {} };
        tokio::time::timeout(Duration::from_secs(10), all_wait)
            .await
            .expect("the updates use all connections of the common pool");
        let begun = Instant::now();
        client.place(&customer).await;
        let ready = client.send(get("/system/health/ready")).await.expect(StatusCode::OK);
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        assert_eq!(ready["status"], "degraded", "the broker and Redis are unreachable");
        let health = client.send(get("/system/health")).await.expect(StatusCode::OK);
        assert_eq!(health["dependencies"]["postgres"]["status"], "ok");
        lock.rollback().await.expect("rolled back");
    };
    let (updates, ()) = tokio::join!(updating, others);

    assert!(updates.iter().all(|response| matches!(response.status.as_u16(), 200 | 503)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_pool_without_a_free_connection_is_busy_and_not_down(pool: PgPool) {
    let client = ApiClient::with_pools(pools(&pool, 1, 1), OPTIONS);
    client.send(get("/system/health/ready")).await.expect(StatusCode::OK);
    let only = platform::postgres::reader(&client.state.vital).await.expect("the only one");

    let busy = client.send(get("/system/health")).await.expect(StatusCode::OK);

    assert_eq!((&busy["status"], &busy["dependencies"]["postgres"]["status"]), (&json!("degraded"), &json!("busy")));
    client.send(get("/system/health/ready")).await.expect(StatusCode::OK);
    drop(only);
}

fn fail() -> sqlx::Error {
    panic!("a bug")
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_panic_in_detached_work_fails_its_request_only(pool: PgPool) {
    let client = ApiClient::new(pool);

    let refused = client.state.run_detached(async { Err::<(), _>(fail()) }).await.map_err(IntoResponse::into_response);

    assert_eq!(refused.expect_err("it panicked").status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!client.lifecycle.stopping.is_cancelled(), "the process goes on");
    client
        .state
        .run_detached(async { Ok::<_, sqlx::Error>(()) })
        .await
        .map_err(IntoResponse::into_response)
        .expect("done");
}

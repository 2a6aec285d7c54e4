//! What waits in the database keeps orders and probes from nothing.

use crate::client::{Ask, Door, HEADPHONES, get};
use accounts::Role;
use api::Options;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use futures::future::join_all;
use platform::postgres::{PoolActivity, Pools};
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::time::{Duration, Instant};

const OPTIONS: Options = Options { hides_registered_emails: false, trusted_proxies: 0 };

/// Two shares of connections to the test's database, as a process has them.
fn shares(pool: &PgPool, vital: u32, common: u32) -> Pools {
    let pool_activity = PoolActivity::default();
    let options =
        |connections| PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(3));
    let connect = || (*pool.connect_options()).clone();
    let vital = pool_activity.watch(options(vital)).connect_lazy_with(connect());
    Pools { vital, common: options(common).connect_lazy_with(connect()), pool_activity }
}

#[sqlx::test(migrations = "../../migrations")]
async fn edits_that_wait_for_a_row_keep_out_neither_orders_nor_probes(pool: PgPool) {
    let door = Door::with_pools(shares(&pool, 3, 4), OPTIONS);
    let vendor = door.person("vendor", Role::Vendor).await;
    door.stock(vendor.id).await;
    let customer = door.customer().await;
    door.place(&customer).await;
    let mut held = platform::postgres::begin(&pool).await.expect("begun");
    sqlx::query("SELECT FROM catalogue.products WHERE sku = $1 FOR UPDATE")
        .bind(HEADPHONES)
        .execute(&mut *held)
        .await
        .expect("locked");

    let edit = || {
        let path = format!("/products/{HEADPHONES}");
        door.send(Ask::new(Method::PATCH, &path).of(&vendor).json(&json!({ "description": "the same" })))
    };
    let editing = join_all((0..40).map(|_| edit()));
    let others = async {
        let all_wait = async {
            while door.pool.size() < 4 || door.pool.num_idle() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), all_wait).await.expect("the edits took all connections");
        let begun = Instant::now();
        door.place(&customer).await;
        let ready = door.send(get("/system/health/ready")).await.expect(StatusCode::OK);
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        assert_eq!(ready["status"], "degraded", "broker and Redis are away");
        let health = door.send(get("/system/health")).await.expect(StatusCode::OK);
        assert_eq!(health["dependencies"]["postgres"]["status"], "ok");
        held.rollback().await.expect("let go");
    };
    let (edits, ()) = tokio::join!(editing, others);

    assert!(edits.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 503)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_free_connection_is_not_an_absent_database(pool: PgPool) {
    let door = Door::with_pools(shares(&pool, 1, 1), OPTIONS);
    door.send(get("/system/health/ready")).await.expect(StatusCode::OK);
    let only = door.state.vital.acquire().await.expect("the only one");

    let busy = door.send(get("/system/health")).await.expect(StatusCode::OK);

    assert_eq!((&busy["status"], &busy["dependencies"]["postgres"]["status"]), (&json!("degraded"), &json!("busy")));
    door.send(get("/system/health/ready")).await.expect(StatusCode::OK);
    drop(only);
}

fn explode() -> sqlx::Error {
    panic!("a defect")
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_panic_in_detached_work_is_that_requests_own(pool: PgPool) {
    let door = Door::open(pool);

    let refused = door.state.run_detached(async { Err::<(), _>(explode()) }).await.map_err(IntoResponse::into_response);

    assert_eq!(refused.expect_err("it panicked").status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!door.lifecycle.stopping.is_cancelled(), "the process goes on");
    door.state
        .run_detached(async { Ok::<_, sqlx::Error>(()) })
        .await
        .map_err(IntoResponse::into_response)
        .expect("done");
}

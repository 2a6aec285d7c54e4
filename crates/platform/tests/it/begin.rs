//! `platform::postgres::begin` is safe to cancel.

use futures::FutureExt;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);
const CANCELLED_BEGINS: usize = 50;

#[sqlx::test(migrations = false)]
async fn a_cancelled_begin_leaves_no_transaction_open(observer: PgPool) {
    // Without a ping before each use, the first poll of `begin` acquires the idle connection and sends BEGIN.
    let options = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
    let pool = options.connect_with((*observer.connect_options()).clone()).await.expect("a pool");
    let mut cancelled = 0;
    while cancelled < CANCELLED_BEGINS {
        until_all_are_idle(&pool).await;
        // It is not cancelled, but ends, when the database replies during the first poll.
        cancelled += usize::from(platform::postgres::begin(&pool).now_or_never().is_none());
    }

    until_all_are_idle(&pool).await;
    assert_eq!(open_transactions(&observer).await, 0, "a connection returned to the pool inside a transaction");
}

async fn until_all_are_idle(pool: &PgPool) {
    let all_are_idle = async {
        while pool.num_idle() < pool.size() as usize {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, all_are_idle).await.expect("every connection returns to the pool");
}

/// Asks on another connection: the one that asks is never idle.
async fn open_transactions(observer: &PgPool) -> i64 {
    let count = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    sqlx::query_scalar(count).fetch_one(observer).await.expect("a count")
}

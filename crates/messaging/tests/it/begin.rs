//! `platform::postgres::begin` is safe to cancel.

use futures::FutureExt;
use sqlx::PgPool;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);
const CANCELLED: usize = 50;

#[sqlx::test(migrations = "../../migrations")]
async fn a_cancelled_begin_leaves_no_transaction_open(pool: PgPool) {
    for _ in 0..CANCELLED {
        // Polled once, so that BEGIN has been sent when it is cancelled.
        drop(platform::postgres::begin(&pool).now_or_never());
    }

    let all_are_idle = async {
        while pool.num_idle() < pool.size() as usize {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, all_are_idle).await.expect("every connection returns to the pool");
    let open = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let open: i64 = sqlx::query_scalar(open).fetch_one(&pool).await.expect("a count");
    assert_eq!(open, 0, "a connection returned to the pool inside a transaction");
}

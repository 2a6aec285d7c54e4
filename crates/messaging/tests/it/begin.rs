//! What the one way to begin a transaction promises.

use futures::FutureExt;
use sqlx::PgPool;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);
const GIVEN_UP: usize = 50;

#[sqlx::test(migrations = "../../migrations")]
async fn a_begin_that_is_given_up_leaves_no_transaction_open(pool: PgPool) {
    for _ in 0..GIVEN_UP {
        // Polled once, so that BEGIN is on its way when nobody wants it any more.
        drop(platform::postgres::begin(&pool).now_or_never());
    }

    let all_are_back = async {
        while pool.num_idle() < pool.size() as usize {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, all_are_back).await.expect("every connection comes back");
    let open = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let open: i64 = sqlx::query_scalar(open).fetch_one(&pool).await.expect("a count");
    assert_eq!(open, 0, "a connection came back inside a transaction");
}

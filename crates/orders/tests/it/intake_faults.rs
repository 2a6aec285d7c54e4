//! A fault of one order, one client or one connection does not affect the others.

use crate::fixtures::{ALICE, TIMEOUT, count, execute, intake, one_committer, order, order_of, request};
use futures::FutureExt as _;
use futures::future::join_all;
use orders::{IntakeLimits, PlaceOrderError};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};

/// Idle connections in the pool when all connections are cut.
const POOLED: i64 = 4;

const POISON: &str = "poison";

/// Blocks the committer in its first batch, so that the second batch contains all orders that arrive in the meantime.
async fn lock_the_keys(pool: &PgPool) -> Transaction<'static, Postgres> {
    let mut tx = platform::postgres::begin(pool).await.expect("a transaction");
    sqlx::raw_sql("LOCK TABLE orders.idempotency_keys IN EXCLUSIVE MODE").execute(&mut *tx).await.expect("the lock");
    tx
}

/// Waits until the committer has received its first batch, and waits for the lock on the keys.
async fn committer_is_blocked(pool: &PgPool) {
    let waiting = "SELECT count(*) FROM pg_locks
                    WHERE NOT granted AND relation = 'orders.idempotency_keys'::regclass
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let blocked = async { while count(pool, waiting).await == 0 {} };
    tokio::time::timeout(TIMEOUT, blocked).await.expect("the committer is blocked in time");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_can_not_be_stored_does_not_fail_its_batch(pool: PgPool) {
    execute(&pool, "ALTER TABLE orders.orders ADD CHECK (note <> 'poison')").await;
    let (intake, _lifecycle) = intake(&pool, one_committer());
    let bad = |key: &str| intake.place(order_of(ALICE, key, &request(&[("SKU-CABLE", 1)], Some(POISON))));
    let held = lock_the_keys(&pool).await;

    let first = async { intake.place(order("first")).await.is_ok() };
    let rest = async {
        committer_is_blocked(&pool).await;
        let good = join_all((0..100).map(|number| intake.place(order(&format!("k-{number}")))));
        let release = async {
            // After one yield every request was polled, and is in the queue.
            tokio::task::yield_now().await;
            held.rollback().await.expect("released");
        };
        let (one, good, two, ()) = tokio::join!(bad("bad-1"), good, bad("bad-2"), release);
        (good, [one, two])
    };
    let (first, (good, bad_ones)) = tokio::join!(first, rest);

    assert!(first && good.iter().all(Result::is_ok));
    assert_eq!(bad_ones, [Err(PlaceOrderError::Failed); 2]);
    // The orders of a batch have the same creation time: all good orders were in the batch with the faulty ones.
    let largest =
        "SELECT max(orders) FROM (SELECT count(*) AS orders FROM orders.orders GROUP BY created_at) AS batches";
    assert_eq!(count(&pool, largest).await, 100);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders").await, 101);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.idempotency_keys").await, 101);
    assert_eq!(count(&pool, "SELECT count(*) FROM messaging.outbox").await, 202);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_client_that_disconnects_affects_no_other_order(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, one_committer());
    let held = lock_the_keys(&pool).await;
    let mut stored = Box::pin(intake.place(order("leaves-while-stored")));
    assert!((&mut stored).now_or_never().is_none());
    committer_is_blocked(&pool).await;
    let mut waiting = Box::pin(intake.place(order("leaves-while-waiting")));
    let mut mate = Box::pin(intake.place(order("mate")));
    assert!((&mut waiting).now_or_never().is_none() && (&mut mate).now_or_never().is_none());

    drop((stored, waiting));
    held.rollback().await.expect("released");

    assert!(!mate.await.expect("accepted").replayed);
    assert!(intake.place(order("leaves-while-stored")).await.expect("accepted").replayed);
    assert!(!intake.place(order("leaves-while-waiting")).await.expect("accepted").replayed);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders").await, 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_duplicate_gets_the_result_though_the_first_client_disconnected(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, one_committer());
    let held = lock_the_keys(&pool).await;
    let mut busy = Box::pin(intake.place(order("busy")));
    assert!((&mut busy).now_or_never().is_none());
    committer_is_blocked(&pool).await;
    let mut first = Box::pin(intake.place(order("k")));
    let mut duplicate = Box::pin(intake.place(order("k")));
    assert!((&mut first).now_or_never().is_none() && (&mut duplicate).now_or_never().is_none());

    drop(first);
    held.rollback().await.expect("released");

    assert!(duplicate.await.is_ok());
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders").await, 1 + i64::from(busy.await.is_ok()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_beyond_a_full_queue_is_refused(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits { intake_queue_max: 1, ..one_committer() });
    let held = lock_the_keys(&pool).await;
    let mut stored = Box::pin(intake.place(order("stored")));
    assert!((&mut stored).now_or_never().is_none());
    committer_is_blocked(&pool).await;
    let mut waiting = Box::pin(intake.place(order("waiting")));
    assert!((&mut waiting).now_or_never().is_none());

    let refused = intake.place(order("one-too-many")).await;
    held.rollback().await.expect("released");

    assert_eq!(refused, Err(PlaceOrderError::Overloaded));
    assert!(stored.await.is_ok() && waiting.await.is_ok());
    assert!(!intake.place(order("one-too-many")).await.expect("accepted").replayed);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_that_another_process_holds_too_long_is_in_progress_and_the_rest_go_through(
    options: PgPoolOptions,
    connection: PgConnectOptions,
) {
    let pool = options.connect_with(connection.options([("lock_timeout", "200ms")])).await.expect("a pool");
    let (intake, _lifecycle) = intake(&pool, one_committer());
    let mut elsewhere = platform::postgres::begin(&pool).await.expect("a transaction");
    insert_key(&mut elsewhere, "held").await;

    let mates = join_all((0..30).map(|number| intake.place(order(&format!("k-{number}")))));
    let (held, mates) = tokio::join!(intake.place(order("held")), mates);

    assert_eq!(held, Err(PlaceOrderError::InProgress));
    assert!(mates.iter().all(Result::is_ok));
    elsewhere.rollback().await.expect("released");
    assert!(!intake.place(order("held")).await.expect("accepted").replayed);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_timeout_of_another_lock_makes_intake_unavailable_and_does_not_reserve_the_key(
    options: PgPoolOptions,
    connection: PgConnectOptions,
) {
    let pool = options.connect_with(connection.options([("lock_timeout", "100ms")])).await.expect("a pool");
    let (intake, _lifecycle) = intake(&pool, one_committer());

    for table in ["messaging.outbox", "orders.sagas", "orders.idempotency_keys"] {
        let mut elsewhere = platform::postgres::begin(&pool).await.expect("a transaction");
        let lock = format!("LOCK TABLE {table} IN EXCLUSIVE MODE");
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *elsewhere).await.expect("the lock");

        let refused = intake.place(order(table)).await;

        assert_eq!(refused, Err(PlaceOrderError::Unavailable), "{table}");
        elsewhere.rollback().await.expect("released");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_batch_is_tried_once_while_the_disk_is_full(pool: PgPool) {
    let full = "CREATE SEQUENCE tries;
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM nextval('tries'); RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON orders.sagas FOR EACH STATEMENT EXECUTE FUNCTION full_disk()";
    sqlx::raw_sql(full).execute(&pool).await.expect("a full disk");
    let (intake, _lifecycle) = intake(&pool, one_committer());

    let refused = intake.place(order("on-a-full-disk")).await;

    assert_eq!(refused, Err(PlaceOrderError::Unavailable));
    assert_eq!(count(&pool, "SELECT last_value FROM tries").await, 1);
}

async fn insert_key(tx: &mut PgConnection, key: &'static str) {
    let insert = "INSERT INTO orders.idempotency_keys (principal, route, key, fingerprint, order_id, created_at)
                 VALUES ($1, 'POST /orders', $2, '', gen_random_uuid(), now())";
    sqlx::query(insert).bind(ALICE.as_uuid()).bind(key).execute(tx).await.expect("the key");
}

#[sqlx::test(migrations = "../../migrations")]
async fn orders_are_stored_though_all_connections_were_cut(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let results = join_all((0..300).map(|number| intake.place(order(&format!("a-{number}"))))).await;
    assert!(results.iter().all(Result::is_ok));

    drop(join_all((0..POOLED).map(|_| platform::postgres::reader(&pool))).await);
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(count(&pool, cut).await >= POOLED - 1);
    let results = join_all((0..300).map(|number| intake.place(order(&format!("b-{number}"))))).await;

    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders").await, 600);
}

#[sqlx::test(migrations = "../../migrations")]
async fn without_a_database_every_request_is_refused_as_unavailable(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    pool.close().await;

    let results = join_all([intake.place(order("a")), intake.place(order("a")), intake.place(order("b"))]).await;
    let replay = intake.find_replay(ALICE.into(), "POST /orders", &order("a").key, order("a").fingerprint).await;

    assert_eq!(results, vec![Err(PlaceOrderError::Unavailable); 3]);
    assert_eq!(replay, Err(PlaceOrderError::Unavailable));
}

#[sqlx::test(migrations = "../../migrations")]
async fn orders_that_were_accepted_before_a_stop_are_stored(pool: PgPool) {
    let (intake, lifecycle) = intake(&pool, one_committer());
    let held = lock_the_keys(&pool).await;
    let keys: Vec<_> = (0..200).map(|number| format!("k-{number}")).collect();
    let mut placing = Box::pin(join_all(keys.iter().map(|key| {
        let intake = intake.clone();
        async move { intake.place(order(key)).await }
    })));
    assert!((&mut placing).now_or_never().is_none());
    drop(intake);

    lifecycle.stopping.cancel();
    lifecycle.tasks.close();
    held.rollback().await.expect("released");
    let stopped = async { tokio::join!(placing, lifecycle.tasks.wait()) };
    let (results, ()) = tokio::time::timeout(TIMEOUT, stopped).await.expect("it stops");

    assert!(results.iter().all(Result::is_ok));
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders").await, 200);
}

//! What waits is counted, and as old as the first that waits.

use operations::{MEASURED_MAX, measure};
use sqlx::{AssertSqlSafe, Executor, PgPool};

const ORDERS: &str = include_str!("three_orders.sql");

#[sqlx::test(migrations = "../../migrations")]
async fn nothing_waits_in_an_empty_house(pool: PgPool) {
    let waiting = measure(&pool).await.expect("a measurement");

    assert_eq!((waiting.outbox.messages, waiting.sagas.len()), (0, 0));
    assert!(waiting.outbox.oldest_seconds.abs() < f64::EPSILON && waiting.overdue_seconds.abs() < f64::EPSILON);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_waits_is_counted_and_as_old_as_the_first_of_it(pool: PgPool) {
    let put = |sql: &'static str| pool.execute(AssertSqlSafe(sql));
    put(ORDERS).await.expect("three orders");
    put("INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, created_at)
         SELECT gen_random_uuid(), 'e', 'k', 't', '{}', now() - age * interval '1 second'
         FROM UNNEST('{90, 30, 60}'::int[]) AS age;
         UPDATE orders.orders SET created_at = now() - interval '2 hours' WHERE id::text LIKE 'c%';
         UPDATE orders.sagas SET active = true, phase = 'delivering', deadline_at = now() + interval '1 hour'
         WHERE order_id::text LIKE 'c%' OR order_id::text LIKE 'd%';
         UPDATE orders.sagas SET active = true, phase = 'stuck', deadline_at = now() - interval '5 minutes'
         WHERE order_id::text LIKE 'a%'")
    .await
    .expect("what waits");

    let waiting = measure(&pool).await.expect("a measurement");

    let delivering = waiting.sagas.iter().find(|sagas| sagas.phase == "delivering").expect("two are delivering");
    let stuck = waiting.sagas.iter().find(|sagas| sagas.phase == "stuck").expect("one is stuck");
    assert_eq!((waiting.outbox.messages, delivering.open, stuck.open), (3, 2, 1));
    assert!((90.0..120.0).contains(&waiting.outbox.oldest_seconds), "{waiting:?}");
    assert!((7_200.0..7_260.0).contains(&delivering.oldest_seconds), "{waiting:?}");
    assert!((300.0..330.0).contains(&waiting.overdue_seconds), "{waiting:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_very_many_no_more_than_the_limit_is_counted(pool: PgPool) {
    let many = "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
                SELECT gen_random_uuid(), 'e', 'k', 't', '{}' FROM generate_series(1, 10100)";
    pool.execute(AssertSqlSafe(many)).await.expect("many messages");

    assert_eq!(measure(&pool).await.expect("a measurement").outbox.messages, MEASURED_MAX);
}

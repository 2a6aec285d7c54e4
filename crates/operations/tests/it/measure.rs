//! The backlog: counts, and the age of the oldest entry.

use domain::saga::PhaseName;
use operations::{MEASURED_MAX, measure};
use sqlx::{AssertSqlSafe, Executor, PgPool};

const ORDERS: &str = include_str!("three_orders.sql");

#[sqlx::test(migrations = "../../migrations")]
async fn an_empty_database_has_no_backlog(pool: PgPool) {
    let backlog = measure(&pool).await.expect("a measurement");

    assert_eq!((backlog.outbox.messages, backlog.sagas.len()), (0, 0));
    assert!(backlog.outbox.oldest_seconds.abs() < f64::EPSILON && backlog.overdue_seconds.abs() < f64::EPSILON);
}

#[sqlx::test(migrations = "../../migrations")]
async fn pending_work_is_counted_with_the_age_of_its_oldest(pool: PgPool) {
    let execute = |sql: &'static str| pool.execute(AssertSqlSafe(sql));
    execute(ORDERS).await.expect("three orders");
    execute(
        "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, created_at)
         SELECT gen_random_uuid(), 'e', 'k', 't', '{}', now() - age * interval '1 second'
         FROM UNNEST('{90, 30, 60}'::int[]) AS age;
         UPDATE orders.orders SET created_at = now() - interval '2 hours' WHERE id::text LIKE 'c%';
         UPDATE orders.sagas SET active = true, phase = 'delivering', deadline_at = now() + interval '1 hour'
         WHERE order_id::text LIKE 'c%' OR order_id::text LIKE 'd%';
         UPDATE orders.sagas SET active = true, phase = 'stuck', deadline_at = now() - interval '5 minutes'
         WHERE order_id::text LIKE 'a%'",
    )
    .await
    .expect("the backlog");

    let backlog = measure(&pool).await.expect("a measurement");

    let delivering =
        backlog.sagas.iter().find(|sagas| sagas.phase == PhaseName::Delivering).expect("two are delivering");
    let stuck = backlog.sagas.iter().find(|sagas| sagas.phase == PhaseName::Stuck).expect("one is stuck");
    assert_eq!((backlog.outbox.messages, delivering.active_sagas, stuck.active_sagas), (3, 2, 1));
    assert!((90.0..120.0).contains(&backlog.outbox.oldest_seconds), "{backlog:?}");
    assert!((7_200.0..7_260.0).contains(&delivering.oldest_seconds), "{backlog:?}");
    assert!((300.0..330.0).contains(&backlog.overdue_seconds), "{backlog:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_more_messages_than_the_limit_are_counted(pool: PgPool) {
    let many = "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
                SELECT gen_random_uuid(), 'e', 'k', 't', '{}' FROM generate_series(1, 10100)";
    pool.execute(AssertSqlSafe(many)).await.expect("many messages");

    assert_eq!(measure(&pool).await.expect("a measurement").outbox.messages, MEASURED_MAX);
}

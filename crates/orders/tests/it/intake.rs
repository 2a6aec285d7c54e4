//! An order is placed once, however often its request is repeated.

use crate::fixtures::{ALICE, BOB, ROUTE, count, execute, intake, now, order, order_of, request};
use futures::future::join_all;
use orders::{Accepted, Fingerprint, IntakeLimits, PlaceOrderError, prune_keys};
use sqlx::PgPool;
use std::collections::HashSet;
use std::time::Duration;

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_is_stored_with_its_lines_timeline_saga_and_messages(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let wanted = order_of(ALICE, "k", &request(&[("SKU-HEADPHONES", 2), ("HIS-CABLE", 1)], Some("Ring twice")));

    let Accepted { order_id, replayed, .. } = intake.place(wanted).await.expect("accepted");

    assert!(!replayed);
    let row: (String, String, String, String, i64, String, Option<String>, i32) = sqlx::query_as(
        "SELECT status, payment_status, fulfilment_status, currency, total_minor, payment_method, note, version
           FROM orders.orders WHERE id = $1",
    )
    .bind(order_id.as_uuid())
    .fetch_one(&pool)
    .await
    .expect("the order");
    let texts = |all: [&str; 4]| all.map(str::to_owned);
    let [status, paid, fulfilled, currency] = texts(["pending", "unpaid", "unallocated", "USD"]);
    assert_eq!(row, (status, paid, fulfilled, currency, 5_997, "sim_ok".to_owned(), Some("Ring twice".to_owned()), 1));
    let lines: Vec<(i16, String, String, i32, i64)> =
        sqlx::query_as("SELECT line_no, sku, name, quantity, unit_price_minor FROM orders.items ORDER BY line_no")
            .fetch_all(&pool)
            .await
            .expect("the lines");
    assert_eq!(lines[0], (1, "SKU-HEADPHONES".to_owned(), "The SKU-HEADPHONES".to_owned(), 2, 1_999));
    assert_eq!(lines[1], (2, "HIS-CABLE".to_owned(), "The HIS-CABLE".to_owned(), 1, 1_999));
    let event: (i32, String, Option<String>, String, String) =
        sqlx::query_as("SELECT version, kind, from_status, to_status, actor FROM orders.events")
            .fetch_one(&pool)
            .await
            .expect("the first event");
    assert_eq!(event, (1, "accepted".to_owned(), None, "pending".to_owned(), format!("customer:{ALICE}")));
    let sagas = "SELECT count(*) FROM orders.sagas WHERE active AND step = 'reserve_stock' AND deadline_at > now()
                    AND correlation_id = 'request-k'";
    assert_eq!(count(&pool, sagas).await, 1);
    let routing_keys: Vec<String> = sqlx::query_scalar("SELECT routing_key FROM messaging.outbox ORDER BY seq")
        .fetch_all(&pool)
        .await
        .expect("the messages");
    assert_eq!(routing_keys, vec!["order.created", "inventory.inventory.reserve"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn fifty_concurrent_duplicates_place_one_order_and_get_the_same_result(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());

    let results = join_all((0..50).map(|_| intake.place(order("duplicate")))).await;

    let results: Vec<_> = results.into_iter().map(|result| result.expect("accepted")).collect();
    assert_eq!(results.iter().map(|result| result.order_id).collect::<HashSet<_>>().len(), 1);
    assert_eq!(results.iter().filter(|result| !result.replayed).count(), 1);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders").await, 1);
    assert_eq!(count(&pool, "SELECT count(*) FROM messaging.outbox").await, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_processes_that_race_with_one_key_place_one_order(pool: PgPool) {
    let (here, _lifecycle_here) = intake(&pool, IntakeLimits::default());
    let (there, _lifecycle_there) = intake(&pool, IntakeLimits::default());

    for round in 0..20 {
        let key = format!("race-{round}");
        let results = join_all([here.place(order(&key)), there.place(order(&key)), here.place(order(&key))]).await;

        let results: Vec<_> = results.into_iter().map(|result| result.expect("accepted")).collect();
        assert!(results.iter().all(|result| result.order_id == results[0].order_id), "{results:?}");
        assert_eq!(results.iter().filter(|result| !result.replayed).count(), 1, "{results:?}");
    }
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders").await, 20);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.sagas").await, 20);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_thousand_orders_at_once_are_all_stored_in_batches(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());

    let results = join_all((0..1_000).map(|number| intake.place(order(&format!("k-{number}"))))).await;

    let ids: HashSet<_> = results.into_iter().map(|result| result.expect("accepted").order_id).collect();
    assert_eq!(ids.len(), 1_000);
    for (table, rows) in [
        ("SELECT count(*) FROM orders.orders", 1_000),
        ("SELECT count(*) FROM orders.items", 2_000),
        ("SELECT count(*) FROM orders.events", 1_000),
        ("SELECT count(*) FROM orders.sagas", 1_000),
        ("SELECT count(*) FROM orders.idempotency_keys", 1_000),
        ("SELECT count(*) FROM messaging.outbox", 2_000),
    ] {
        assert_eq!(count(&pool, table).await, rows, "{table}");
    }
    // The orders of a batch have the same creation time.
    let batches = count(&pool, "SELECT count(DISTINCT created_at) FROM orders.orders").await;
    assert!(batches <= 20, "{batches} batches");
    let largest =
        "SELECT max(orders) FROM (SELECT count(*) AS orders FROM orders.orders GROUP BY created_at) AS batches";
    assert_eq!(count(&pool, largest).await, 128);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_identifies_one_request_of_one_caller(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let other = request(&[("SKU-HEADPHONES", 3)], None);

    let first = intake.place(order("k")).await.expect("accepted");
    let again = intake.place(order("k")).await.expect("accepted");
    let reused = intake.place(order_of(ALICE, "k", &other)).await;
    let bobs = intake.place(order_of(BOB, "k", &other)).await.expect("accepted");

    assert_eq!(again, Accepted { replayed: true, ..first });
    assert_eq!(reused, Err(PlaceOrderError::KeyReused));
    assert!(!bobs.replayed && bobs.order_id != first.order_id);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders").await, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_two_concurrent_requests_with_one_key_the_second_is_refused(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let other = order_of(ALICE, "k", &request(&[("SKU-HEADPHONES", 3)], None));

    let results = join_all([intake.place(order("k")), intake.place(other.clone()), intake.place(order("k"))]).await;

    let first = results[0].expect("accepted");
    assert_eq!(results[1], Err(PlaceOrderError::KeyReused));
    assert_eq!(results[2], Ok(Accepted { replayed: true, ..first }));
}

#[sqlx::test(migrations = "../../migrations")]
async fn keys_with_escape_characters_are_ordinary_keys(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let odd = ["A", r"\x41", r"\101", r"\", r"\\", r"a\b", "a'b", "a;--", "%41"];

    let mut placed = HashSet::new();
    for key in odd {
        let first = intake.place(order(key)).await.expect("accepted");
        let again = intake.place(order(key)).await.expect("accepted");
        let found =
            intake.find_replay(ALICE.into(), ROUTE, &order(key).key, order(key).fingerprint).await.expect("a result");

        assert!(!first.replayed, "{key}");
        assert_eq!(again, Accepted { replayed: true, ..first }, "{key}");
        assert_eq!(found, Some(again), "{key}");
        placed.insert(first.order_id);
    }
    assert_eq!(placed.len(), odd.len());
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_expired_key_can_be_used_again(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let first = intake.place(order("k")).await.expect("accepted");
    execute(&pool, "UPDATE orders.idempotency_keys SET created_at = now() - interval '73 hours'").await;

    let fingerprint = order("k").fingerprint;
    let expired = intake.find_replay(ALICE.into(), ROUTE, &order("k").key, fingerprint).await.expect("a result");
    let second = intake.place(order("k")).await.expect("accepted");
    let third = intake.place(order("k")).await.expect("accepted");

    assert_eq!(expired, None);
    assert!(!second.replayed && second.order_id != first.order_id);
    assert_eq!(third, Accepted { replayed: true, ..second });
}

#[sqlx::test(migrations = "../../migrations")]
async fn expired_keys_are_deleted_in_limited_batches(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    join_all((0..10).map(|number| intake.place(order(&format!("old-{number}"))))).await;
    execute(&pool, "UPDATE orders.idempotency_keys SET created_at = now() - interval '25 hours'").await;
    intake.place(order("young")).await.expect("accepted");
    let yesterday = now() - Duration::from_hours(24);

    let mut deleted = Vec::new();
    for _round in 0..3 {
        deleted.push(prune_keys(&pool, yesterday, 6).await.expect("pruned"));
    }

    assert_eq!(deleted, vec![6, 4, 0]);
    assert!(intake.place(order("young")).await.expect("accepted").replayed);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_earlier_use_of_a_key_can_be_found_without_placing_an_order(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let first = intake.place(order("k")).await.expect("accepted");
    let (key, fingerprint) = (order("k").key, order("k").fingerprint);
    let other = Fingerprint::of(&request(&[("SKU-HEADPHONES", 3)], None));

    let same = intake.find_replay(ALICE.into(), ROUTE, &key, fingerprint).await;
    let reused = intake.find_replay(ALICE.into(), ROUTE, &key, other).await;
    let bobs = intake.find_replay(BOB.into(), ROUTE, &key, fingerprint).await;

    assert_eq!(same, Ok(Some(Accepted { replayed: true, ..first })));
    assert_eq!(reused, Err(PlaceOrderError::KeyReused));
    assert_eq!(bobs, Ok(None));
}

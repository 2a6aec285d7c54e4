//! The movements of a SKU: order, pages, filters.

use crate::harness::{Harness, order, release, reserve, ship, sku};
use domain::Timestamp;
use domain::inventory::{AdjustmentKind, MovementKind, Origin};
use inventory::{Adjustment, MovementFilter, StockMovement, list_movements};
use platform::audit::NoAudit;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::time::Duration;
use strum::VariantNames as _;

/// Long ago, so that no movement of the harness is at this time.
fn day(number: u32) -> Timestamp {
    format!("2026-01-{number:02}T00:00:00Z").parse().expect("a time")
}

async fn adjust(harness: &Harness, quantity: i32, at: Timestamp) {
    let adjustment = Adjustment {
        sku: sku("A"),
        warehouse_id: harness.west,
        kind: AdjustmentKind::Adjusted,
        quantity,
        reason: "count".to_owned(),
        actor: "vendor:1".to_owned(),
    };
    inventory::adjust_stock(&harness.pool, adjustment, at, &NoAudit).await.expect("adjusted");
}

async fn all(harness: &Harness, filter: &MovementFilter) -> Vec<StockMovement> {
    let mut filter = filter.clone();
    let mut all = Vec::new();
    loop {
        let page = list_movements(&harness.pool, &sku("A"), &filter).await.expect("a page");
        all.extend(page.items);
        let Some(next) = page.next else { break };
        filter.after = Some(next.to_string().parse().expect("our own cursor"));
    }
    all
}

fn limit(size: u32) -> MovementFilter {
    MovementFilter { limit: size.try_into().expect("a size"), ..MovementFilter::default() }
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_movement_is_listed_once_the_newest_first_on_pages_of_any_size(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 10), ("B", 10, 10)]).await;
    let (shipped, released) = (order(), order());
    harness.handle_all(&[reserve(shipped, &[("A", 2)]), reserve(released, &[("A", 3), ("B", 1)])]).await;
    harness.handle_all(&[ship(shipped, harness.east), release(released)]).await;
    for number in 1..=9 {
        adjust(&harness, 1, day(number)).await;
    }

    let listed = all(&harness, &limit(100)).await;

    assert_eq!(listed.len(), 2 + 4 + 9);
    assert!(listed.windows(2).all(|pair| (pair[0].at, pair[0].id) > (pair[1].at, pair[1].id)));
    let sum = |delta: fn(&StockMovement) -> i32| listed.iter().map(delta).sum::<i32>();
    assert_eq!((sum(|row| row.on_hand_delta), sum(|row| row.reserved_delta)), (10 + 10 - 2 + 9, 0));
    let left = listed.iter().find(|row| row.kind == MovementKind::Shipped).expect("shipped");
    assert!(matches!(left.origin, Origin::Order { order_id, shipment_id: Some(_), .. } if order_id == shipped));
    assert_eq!((left.warehouse_id, left.warehouse_code.as_str()), (harness.east, "EAST"));
    for size in [1, 4, 15] {
        assert_eq!(all(&harness, &limit(size)).await, listed, "{size}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn movements_are_filtered_by_warehouse_kind_and_time(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 10)]).await;
    for number in 1..=5 {
        adjust(&harness, 1, day(number)).await;
    }
    let count = async |filter: MovementFilter| all(&harness, &filter).await.len();

    assert_eq!(count(MovementFilter { warehouse_id: Some(harness.east), ..limit(2) }).await, 1);
    assert_eq!(count(MovementFilter { warehouse_id: Some(harness.west), ..limit(2) }).await, 6);
    assert_eq!(count(MovementFilter { kind: Some(MovementKind::Adjusted), ..limit(2) }).await, 5);
    assert_eq!(count(MovementFilter { kind: Some(MovementKind::Shipped), ..limit(2) }).await, 0);
    assert_eq!(count(MovementFilter { from: Some(day(2)), to: Some(day(4)), ..limit(2) }).await, 2);
    assert_eq!(count(MovementFilter { to: Some(day(1) + Duration::from_micros(1)), ..limit(2) }).await, 1);
    assert_eq!(count(MovementFilter { from: Some(day(5)), kind: Some(MovementKind::Adjusted), ..limit(2) }).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_page_reads_the_index_and_not_the_whole_ledger(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 10)]).await;
    let many =
        "INSERT INTO inventory.ledger (at, kind, warehouse_id, sku, on_hand_delta, reserved_delta, actor, reason)
                SELECT now() + number * interval '1 s', 'adjusted', id, 'A', 0, 0, 'test', 'many'
                  FROM inventory.warehouses CROSS JOIN generate_series(1, 20000) AS number";
    sqlx::query(many).execute(&harness.pool).await.expect("inserted");
    sqlx::query("ANALYZE inventory.ledger").execute(&harness.pool).await.expect("analyzed");
    // Statistics are kept per connection until they are flushed, so all statements use the same one.
    let options = (*harness.pool.connect_options()).clone();
    let single = PgPoolOptions::new().max_connections(1).connect_with(options).await.expect("a connection");
    let before = rows_read(&single).await;

    list_movements(&single, &sku("A"), &limit(20)).await.expect("a page");

    // Per warehouse and kind at most the page and one more.
    let read = rows_read(&single).await - before;
    let ranges = 2 * i64::try_from(MovementKind::VARIANTS.len()).expect("a small number");
    assert!((21..=21 * ranges).contains(&read), "{read} rows were read");
}

/// The rows of the ledger that statements have read, as the statistics count them.
async fn rows_read(pool: &PgPool) -> i64 {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(pool).await.expect("flushed");
    let counted = "SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
                     FROM pg_stat_user_tables WHERE schemaname = 'inventory' AND relname = 'ledger'";
    sqlx::query_scalar(counted).fetch_one(pool).await.expect("a number")
}

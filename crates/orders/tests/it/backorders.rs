//! Orders that wait for units that are out of stock: rows, messages and deadlines.

use crate::broker::{deliver, drain_outbox, order_after, placed, sent_types, status, success_replies, timeline};
use crate::fixtures::{count, now};
use chrono::TimeDelta;
use domain::ids::OrderId;
use domain::messages::{MissingUnits, OrderEvent, Reply, StockBackordered};
use messaging::WriteContext;
use sqlx::PgPool;

const WAITING: &str = "SELECT count(*) FROM orders.orders
                        WHERE status = 'pending' AND fulfilment_status = 'backordered' AND version = 2";

fn missing() -> Vec<MissingUnits> {
    vec![MissingUnits { sku: "A".parse().expect("a SKU"), units: 1_u32.try_into().expect("a quantity") }]
}

fn backordered(order_id: OrderId) -> Reply {
    Reply::StockBackordered(StockBackordered { order_id, missing: missing() })
}

/// An order that waits, and the replies that follow when its units come.
async fn waiting(pool: &PgPool) -> (OrderId, Vec<Reply>) {
    let order = placed(pool, 1).await[0];
    let reserved = success_replies(&drain_outbox(pool).await);
    deliver(pool, vec![backordered(order)]).await;
    (order, reserved)
}

/// Wakes the sagas that are past their deadline `minutes` from now.
async fn woken(pool: &PgPool, minutes: i64) -> usize {
    let at = now() + TimeDelta::minutes(minutes);
    orders::wake_stalled_sagas(&WriteContext::of(pool.clone()), &[], at, 10).await.expect("woken")
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_waits_publishes_an_event_once_and_goes_on_when_its_units_come(pool: PgPool) {
    let (order, reserved) = waiting(&pool).await;

    let [event] = &drain_outbox(&pool).await[..] else { panic!("one message") };
    let OrderEvent::Backordered(event) = serde_json::from_str(&event.payload).expect("an event") else {
        panic!("{event:?}")
    };
    assert_eq!((event.order_id, event.missing, event.version), (order, missing(), 2));
    assert_eq!(count(&pool, WAITING).await, 1);
    let detail = "SELECT count(*) FROM orders.events WHERE kind = 'backordered'
                   AND detail = '{\"missing\": [{\"sku\": \"A\", \"units\": 1}]}'::jsonb";
    assert_eq!(count(&pool, detail).await, 1);

    deliver(&pool, vec![backordered(order)]).await;
    assert_eq!(sent_types(&pool).await, [] as [&str; 0]);
    deliver(&pool, reserved).await;

    assert_eq!(sent_types(&pool).await, ["payment.authorize.v1"]);
    assert_eq!(timeline(&pool, order).await, ["accepted", "backordered", "stock_reserved"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_command_is_sent_again_after_an_hour_and_not_before(pool: PgPool) {
    waiting(&pool).await;
    drain_outbox(&pool).await;

    assert_eq!((woken(&pool, 55).await, woken(&pool, 65).await), (0, 1));
    assert_eq!(sent_types(&pool).await, ["inventory.reserve.v1"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_backorder_after_the_order_went_on_changes_nothing(pool: PgPool) {
    let order = order_after(&pool, 2).await;
    let before = timeline(&pool, order).await;

    deliver(&pool, vec![backordered(order)]).await;

    assert_eq!((status(&pool, order).await.as_str(), timeline(&pool, order).await), ("pending", before));
}

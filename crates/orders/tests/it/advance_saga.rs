//! Replies advance sagas, in batches.

use crate::broker::{deliver, deliver_batch, delivery, order_after, placed, progressed, success_replies};
use crate::broker::{drain_outbox, sent_types, status, timeline};
use crate::fixtures::count;
use domain::ids::{MessageId, OrderId};
use domain::messages::{PaymentAuthorized, Reply, ShipmentsBooked, StockRejected, StockReleased, StockReserved};
use domain::shipment::ShipmentStatus::{Delivered, HandedOver};
use messaging::{Delivery, Verdict};
use sqlx::PgPool;
use std::collections::HashSet;
use uuid::Uuid;

const BATCH: usize = 60;

/// Timelines that skip a version, or with a status that does not match the one before.
const BROKEN_TIMELINES: &str = "
    SELECT count(*) FROM (
        SELECT version, from_status, lag(to_status) OVER own AS before, row_number() OVER own AS place
        FROM orders.events WINDOW own AS (PARTITION BY order_id ORDER BY version)) AS events
    WHERE version <> place OR from_status IS DISTINCT FROM before";

#[sqlx::test(migrations = "../../migrations")]
async fn a_batch_of_orders_is_confirmed_by_three_batches_of_replies(pool: PgPool) {
    let orders = placed(&pool, BATCH).await;
    let mut ids = HashSet::new();

    for _step in 0..3 {
        let sent = drain_outbox(&pool).await;
        ids.extend(sent.iter().map(|message| message.id));
        let verdicts = deliver(&pool, success_replies(&sent)).await;
        assert_eq!(verdicts, vec![Verdict::Done; BATCH]);
    }

    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders WHERE status = 'confirmed' AND version = 4").await, 60);
    assert_eq!(timeline(&pool, orders[7]).await, ["accepted", "stock_reserved", "payment_authorized", "confirmed"]);
    assert_eq!(count(&pool, BROKEN_TIMELINES).await, 0);
    assert_eq!(sent_types(&pool).await, vec!["order.changed.v1"; BATCH]);
    assert_eq!(ids.len(), 4 * BATCH, "three commands and order.created, each with an id of its own");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_is_driven_to_its_delivery(pool: PgPool) {
    let order = order_after(&pool, 3).await;
    drain_outbox(&pool).await;

    deliver(&pool, vec![progressed(order, HandedOver)]).await;
    let sent = drain_outbox(&pool).await;
    deliver(&pool, success_replies(&sent)).await;
    deliver(&pool, vec![progressed(order, Delivered)]).await;

    assert_eq!(status(&pool, order).await, "delivered");
    let finished =
        "SELECT count(*) FROM orders.orders WHERE payment_status = 'captured' AND fulfilment_status = 'delivered'";
    assert_eq!(count(&pool, finished).await, 1);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.sagas WHERE active").await, 0);
    assert_eq!(count(&pool, BROKEN_TIMELINES).await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_reply_advances_its_order_once(pool: PgPool) {
    let order = placed(&pool, 1).await[0];
    let replies = success_replies(&drain_outbox(&pool).await);

    let first = deliver(&pool, replies.clone()).await;
    let sent = sent_types(&pool).await;
    let second = deliver(&pool, replies).await;

    assert_eq!((first, second), (vec![Verdict::Done], vec![Verdict::Done]));
    assert_eq!(sent, ["payment.authorize.v1"]);
    assert_eq!(sent_types(&pool).await, [""; 0]);
    assert_eq!(timeline(&pool, order).await, ["accepted", "stock_reserved"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reply_about_an_unknown_order_is_retried_and_the_others_are_handled(pool: PgPool) {
    let orders = placed(&pool, 2).await;
    let mut replies = success_replies(&drain_outbox(&pool).await);
    let unknown = OrderId::from_uuid(Uuid::now_v7());
    replies.insert(1, Reply::StockReleased(StockReleased { order_id: unknown }));

    let verdicts = deliver(&pool, replies).await;

    assert!(matches!(&verdicts[..], [Verdict::Done, Verdict::Retry(_), Verdict::Done]), "{verdicts:?}");
    for order in orders {
        assert_eq!(timeline(&pool, order).await, ["accepted", "stock_reserved"]);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_step_of_an_order_that_does_not_exist_is_undone_and_no_other_command_is_sent(pool: PgPool) {
    let order_id = OrderId::from_uuid(Uuid::now_v7());
    let amount = domain::money::Money::new(1, "USD".parse().unwrap()).unwrap();
    let replies = [
        Reply::StockReserved(StockReserved { order_id, allocations: Vec::new() }),
        Reply::PaymentAuthorized(PaymentAuthorized { order_id, amount }),
        Reply::ShipmentsBooked(ShipmentsBooked { order_id, shipments: Vec::new() }),
        Reply::StockReleased(StockReleased { order_id }),
    ];

    for reply in replies {
        let second_attempt = Delivery { attempt: 1, ..delivery(reply) };
        assert_eq!(deliver_batch(&pool, &[second_attempt]).await, [Verdict::Done]);
    }

    assert_eq!(sent_types(&pool).await, ["inventory.release.v1", "payment.void.v1", "shipment.cancel.v1"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_implausible_reply_is_dead_lettered_and_the_others_are_handled(pool: PgPool) {
    let orders = placed(&pool, 3).await;
    deliver(&pool, success_replies(&drain_outbox(&pool).await)).await;
    drain_outbox(&pool).await;
    corrupt_saga(&pool, orders[2]).await;
    let authorized = |order_id: OrderId, cents| {
        let amount = domain::money::Money::new(cents, "USD".parse().unwrap()).unwrap();
        delivery(Reply::PaymentAuthorized(PaymentAuthorized { order_id, amount }))
    };

    let batch = [authorized(orders[0], 5_997), authorized(orders[1], 1), authorized(orders[2], 5_997)];
    let verdicts = deliver_batch(&pool, &batch).await;

    assert!(matches!(&verdicts[..], [Verdict::Done, Verdict::Poison(_), Verdict::Poison(_)]), "{verdicts:?}");
    assert_eq!(sent_types(&pool).await, ["shipment.book.v1"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refusal_rejects_the_order_and_publishes_the_reason(pool: PgPool) {
    let order_id = placed(&pool, 1).await[0];
    drain_outbox(&pool).await;
    let refusal = delivery(Reply::StockRejected(StockRejected { order_id, shortages: Vec::new() }));

    deliver_batch(&pool, std::slice::from_ref(&refusal)).await;

    let stored: (String, String, bool) = sqlx::query_as(
        "SELECT o.status, o.reason, s.active FROM orders.orders o JOIN orders.sagas s ON s.order_id = o.id",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(stored, ("rejected".to_owned(), "out_of_stock".to_owned(), false));
    let sent = drain_outbox(&pool).await;
    assert_eq!((sent.len(), sent[0].type_name.as_str()), (1, "order.changed.v1"));
    assert!(sent[0].payload.contains(r#""reason":"out_of_stock""#), "{}", sent[0].payload);
    assert_eq!(causes(&pool, order_id).await, [None, Some(refusal.header.id), Some(refusal.header.id)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_reply_sets_a_new_deadline(pool: PgPool) {
    placed(&pool, 1).await;
    let due_in = "SELECT extract(epoch FROM deadline_at - updated_at)::bigint FROM orders.sagas";
    let reserve = count(&pool, due_in).await;

    deliver(&pool, success_replies(&drain_outbox(&pool).await)).await;

    assert_eq!((reserve, count(&pool, due_in).await), (60, 30));
}

/// As after a manual change of the database.
async fn corrupt_saga(pool: &PgPool, order: OrderId) {
    sqlx::query("UPDATE orders.sagas SET state = '{}' WHERE order_id = $1")
        .bind(order.as_uuid())
        .execute(pool)
        .await
        .expect("done");
}

async fn causes(pool: &PgPool, order: OrderId) -> Vec<Option<MessageId>> {
    let causes: Vec<Option<Uuid>> =
        sqlx::query_scalar("SELECT cause FROM orders.events WHERE order_id = $1 ORDER BY version")
            .bind(order.as_uuid())
            .fetch_all(pool)
            .await
            .expect("done");
    causes.into_iter().map(|cause| cause.map(MessageId::from_uuid)).collect()
}

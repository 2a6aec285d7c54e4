//! Several carriers: a booking stays with the carrier that its row names.

use crate::harness::{Harness, at, book, cancel, delivery, is_retry, new_order, reply_of};
use domain::messages::{Reply, ShipmentsCancelled};
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_booking_and_its_shipments_name_the_carrier_that_was_chosen(pool: PgPool) {
    let (harness, order) = (Harness::with_name(pool, "truck"), new_order());

    harness.handle(book(order, &[1, 2])).await;

    let carriers: Vec<String> =
        sqlx::query_scalar("SELECT carrier FROM shipping.bookings UNION ALL SELECT carrier FROM shipping.shipments")
            .fetch_all(&harness.pool)
            .await
            .unwrap();
    assert_eq!(carriers, ["truck"; 3]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_booking_stays_with_its_carrier_when_the_setting_changes(pool: PgPool) {
    let (before, order) = (Harness::with_name(pool.clone(), "truck"), new_order());
    before.handle(book(order, &[1])).await;
    let after = Harness::with_two(pool, "ship", ("truck", before.carrier.clone()));

    let reply = reply_of(&after.handle(cancel(order)).await);

    assert_eq!(reply, Reply::ShipmentsCancelled(ShipmentsCancelled { order_id: order }));
    assert_eq!((before.carrier.booked(), after.carrier.calls()), (Vec::new(), 0));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_booking_whose_carrier_is_not_there_is_retried_and_says_why(pool: PgPool) {
    let (before, order) = (Harness::with_name(pool.clone(), "truck"), new_order());
    let batch = vec![delivery(book(order, &[1]), 1)];
    before.begin(&batch, at(0)).await;
    let after = Harness::with_name(pool, "ship");

    let handled = after.handle_batch(&batch).await;

    assert!(is_retry(&handled), "{handled:?}");
    assert!(format!("{handled:?}").contains("no carrier `truck`"), "{handled:?}");
    assert_eq!(after.carrier.calls(), 0);
}

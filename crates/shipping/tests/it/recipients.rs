//! Who the carrier delivers to.

use crate::harness::{Harness, book, book_for_recipient, cancel, is_retry, new_order, recipient, reply_of, shipment};
use domain::messages::Reply;
use domain::order::Recipient;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn the_carrier_gets_the_recipient_of_an_order_that_has_one(pool: PgPool) {
    let (harness, with, without) = (Harness::new(pool), new_order(), new_order());

    harness.handle(book_for_recipient(with, &[1, 2])).await;
    harness.handle(book(without, &[1])).await;

    assert_eq!(harness.carrier.recipients(), [recipient(), recipient(), Recipient::default()]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_call_has_the_recipient_too(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.carrier.lose_book_response(shipment(order, 1));

    assert!(is_retry(&harness.handle(book_for_recipient(order, &[1])).await));
    harness.handle(book_for_recipient(order, &[1])).await;

    assert_eq!(harness.carrier.recipients(), [recipient(), recipient()]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_that_is_booked_again_after_a_late_cancellation_has_the_recipient(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book_for_recipient(order, &[1, 2])).await;
    harness.carrier.reply_too_late(shipment(order, 2));

    let reply = reply_of(&harness.handle(cancel(order)).await);

    assert!(matches!(reply, Reply::ShipmentsTooLate(_)), "{reply:?}");
    assert_eq!(harness.carrier.recipients(), vec![recipient(); 4]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn shipping_keeps_no_copy_of_the_recipient(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book_for_recipient(order, &[1])).await;

    let stored = "(SELECT 1 FROM shipping.bookings b WHERE b::text LIKE '%+1555%'
                   UNION ALL SELECT 1 FROM shipping.shipments s WHERE s::text LIKE '%+1555%'
                   UNION ALL SELECT 1 FROM messaging.outbox o WHERE o::text LIKE '%+1555%') AS found";
    assert_eq!(harness.count(stored).await, 0);
}

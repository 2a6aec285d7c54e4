//! Backorders while batches, receipts and runs of the task overlap.

use crate::harness::{Harness, is_reserved, order, release, replies, reserve, reserve_waiting};
use domain::messages::Reply;
use futures::future::join_all;
use messaging::Delivery;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn of_two_orders_and_units_that_come_one_by_one_the_first_is_complete_first(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 0, 0)]).await;
    let [first, second] = [order(), order()];
    for order_id in [first, second] {
        harness.handle_all(&[reserve_waiting(order_id, &[("A", 3)])]).await;
    }

    let mut completed = Vec::new();
    for unit in 1..=6 {
        // Two schedulers may believe that they lead, and a unit may come while they run.
        let run = || harness.fill_at_most(100);
        futures::join!(run(), harness.receive(&[("A", 1, 0)]), run());
        for reply in harness.fill().await {
            let Reply::StockReserved(reserved) = reply else { panic!("not reserved: {reply:?}") };
            completed.push((unit, reserved.order_id));
        }
    }

    assert_eq!(completed, [(3, first), (6, second)]);
    assert_eq!(harness.counters("A").await, [(6, 6), (0, 0)]);
    harness.assert_ledger_consistent().await;
}

/// Orders that wait, orders that do not, releases, receipts and two schedulers at once: nothing deadlocks, and at the
/// end every unit is reserved once.
#[sqlx::test(migrations = "../../migrations")]
async fn overlapping_batches_receipts_and_runs_never_deadlock_and_reserve_every_unit_once(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 5, 5), ("B", 5, 5)]).await;
    let (mut waiting, mut replied) = (0_u32, 0_u32);
    for round in 0..20 {
        let orders: Vec<_> = (0..6).map(|_| order()).collect();
        let batch = |names: [&str; 2]| -> Vec<Delivery<_>> {
            let patient = orders.iter().map(|order_id| reserve_waiting(*order_id, &[(names[0], 2), (names[1], 1)]));
            patient.chain([reserve(order(), &[(names[round % 2], 1)])]).collect()
        };
        // The second batch repeats the commands of the first in another sequence.
        let mut again = batch(["A", "B"]);
        again.reverse();
        let batches = [batch(["A", "B"]), again, vec![release(orders[round % 6])]];
        let handled = join_all(batches.iter().map(|batch| harness.handle(batch)));
        let run = || harness.fill_at_most(7);
        let (handled, _, _, ()) = futures::join!(handled, run(), run(), harness.receive(&[("A", 2, 1), ("B", 0, 2)]));
        for handled in handled {
            replied += u32::try_from(replies(&handled.expect("no deadlock")).len()).expect("a few");
        }
        waiting +=
            u32::try_from(harness.fill().await.iter().filter(|reply| is_reserved(reply)).count()).expect("a few");
    }

    assert!(waiting > 0 && replied == 20 * 15, "{waiting} {replied}");
    assert!(harness.missing().await > 0, "the test needs a shortage");
    harness.receive(&[("A", 1_000, 0), ("B", 0, 1_000)]).await;
    harness.fill().await;
    assert_eq!(harness.missing().await, 0);
    harness.assert_ledger_consistent().await;
    assert_eq!(inconsistent_orders(&harness).await, Vec::<String>::new());
}

/// Reserved orders whose active units are not 2 of A and 1 of B, and orders that still wait.
async fn inconsistent_orders(harness: &Harness) -> Vec<String> {
    let wrong = "SELECT format('%s %s: %s', reservation.order_id, reservation.state, lines.units)
                   FROM inventory.reservations AS reservation
                  CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS units FROM inventory.reservation_lines AS line
                                       WHERE line.order_id = reservation.order_id AND line.state = 'active') AS lines
                  WHERE lines.units <> ALL (CASE reservation.state WHEN 'reserved' THEN ARRAY[1, 3] ELSE ARRAY[0] END)
                     OR reservation.state = 'waiting'";
    sqlx::query_scalar(wrong).fetch_all(&harness.pool).await.expect("read")
}

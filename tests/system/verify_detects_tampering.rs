//! Somebody writes into the books by hand.

use operations::verify::{VerifyLimits, verify};
use std::time::Duration;
use system_tests::{Goods, NewOrder, TestSystem};

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_counter_changed_by_hand_is_found_and_named() {
    let system = TestSystem::of("books").goods(Goods::of("SKU-BOOKS", 10)).start().await;
    let client = system.client().signed_up("honest").await;
    let id = client.place_accepted(&NewOrder::of("SKU-BOOKS", 1)).await;
    client.wait_until(id, "confirmed", LIMIT).await;

    system
        .write_by_hand("UPDATE inventory.stock SET on_hand = on_hand - 1 WHERE sku = 'SKU-BOOKS' AND reserved = 1")
        .await;
    let report = verify(system.pool(), platform::clock::now(), VerifyLimits::default()).await.expect("it can look");
    system
        .write_by_hand("UPDATE inventory.stock SET on_hand = on_hand + 1 WHERE sku = 'SKU-BOOKS' AND reserved = 1")
        .await;

    let (check, offender) = report.first_offender().expect("the counter is wrong");
    assert_eq!((check, offender.place.as_str()), ("stock.ledger", "inventory.stock"));
    assert!(offender.row.contains("SKU-BOOKS"), "{offender}");
    assert!(offender.expected.contains("on_hand 10") && offender.found.contains("on_hand 9"), "{offender}");
    system.finish().await;
}

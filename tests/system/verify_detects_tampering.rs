//! `verify` finds rows that were changed past the application.

use operations::verify::{VerifyLimits, verify};
use std::time::Duration;
use system_tests::{NewOrder, SeedProduct, TestSystem};

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_counter_changed_by_hand_is_found_and_named() {
    let system = TestSystem::of("tampering").product(SeedProduct::of("SKU-LEDGER", 10)).start().await;
    let client = system.client().signed_up("honest").await;
    let id = client.place_accepted(&NewOrder::of("SKU-LEDGER", 1)).await;
    client.wait_until(id, "confirmed", LIMIT).await;

    system
        .execute_raw("UPDATE inventory.stock SET on_hand = on_hand - 1 WHERE sku = 'SKU-LEDGER' AND reserved = 1")
        .await;
    let report =
        verify(system.pool(), platform::clock::now(), VerifyLimits::default()).await.expect("the checks can run");
    system
        .execute_raw("UPDATE inventory.stock SET on_hand = on_hand + 1 WHERE sku = 'SKU-LEDGER' AND reserved = 1")
        .await;

    let (check, offender) = report.first_offender().expect("the counter is wrong");
    assert_eq!((check, offender.place.as_str()), ("stock.ledger", "inventory.stock"));
    assert!(offender.row.contains("SKU-LEDGER"), "{offender}");
    assert!(offender.expected.contains("on_hand 10") && offender.found.contains("on_hand 9"), "{offender}");
    system.finish().await;
}

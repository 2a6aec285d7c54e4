//! Messages are signed, so that publishing to the broker is not enough to give commands.

use domain::ids::OrderId;
use domain::messages::{InventoryCommand, Queue, ReserveStock};
use domain::product::Line;
use std::time::Duration;
use system_tests::{NewOrder, SeedProduct, TestSystem};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn every_message_of_an_order_is_signed_and_an_unsigned_command_changes_nothing() {
    let required = TestSystem::of("message_signatures").setting("MESSAGE_SIGNATURES_REQUIRED", "true");
    let fast = required.setting("CARRIER_HAND_OVER_MS", "200").setting("CARRIER_IN_TRANSIT_MS", "200");
    let mut system =
        fast.setting("CARRIER_DELIVERY_MS", "200").product(SeedProduct::of("SKU-SIGNED", 10)).start().await;
    system.expect_failed_jobs(1);
    let client = system.client().signed_up("signed").await;
    let id = client.place_accepted(&NewOrder::of("SKU-SIGNED", 1)).await;
    client.wait_until(id, "delivered", LIMIT).await;

    let forged_for = OrderId::from_uuid(Uuid::now_v7());
    let line = Line { sku: "SKU-SIGNED".parse().expect("a SKU"), quantity: 3_u32.try_into().expect("a quantity") };
    let reserve = InventoryCommand::Reserve(ReserveStock::new(forged_for, vec![line]));
    system.broker.publish_command(Queue::Inventory, forged_for, &reserve).await;
    system.until_failed_jobs(1, LIMIT).await;

    let errors: Vec<String> = sqlx::query_scalar("SELECT error FROM operations.failed_jobs")
        .fetch_all(system.pool())
        .await
        .expect("failed jobs");
    assert!(errors.len() == 1 && errors[0].starts_with("unsigned"), "{errors:?}");
    let reservations: i64 = sqlx::query_scalar("SELECT count(*) FROM inventory.reservations WHERE order_id = $1")
        .bind(forged_for.as_uuid())
        .fetch_one(system.pool())
        .await
        .expect("reservations");
    assert_eq!(reservations, 0);
    system.finish().await;
}

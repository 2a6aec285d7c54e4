//! Commands for orders that do not exist, as after a restore of the database to an earlier time than the broker's.

use domain::ids::{OrderId, ShipmentId, WarehouseId};
use domain::messages::{
    AuthorizePayment, BookShipments, InventoryCommand, PaymentCommand, Queue, ReserveStock, ShipmentCommand,
    ShipmentRequest,
};
use domain::money::Money;
use domain::product::Line;
use std::time::Duration;
use system_tests::{SeedProduct, TestSystem, eventually};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(30);
/// How many slices have undone their step for the order, and how many units are reserved.
const UNDONE_AND_RESERVED: &str = "
    SELECT (SELECT count(*) FROM inventory.reservations WHERE order_id = $1 AND state = 'released')
         + (SELECT count(*) FROM payments.payments WHERE order_id = $1 AND status = 'voided')
         + (SELECT count(*) FROM shipping.bookings WHERE order_id = $1 AND status = 'cancelled'),
           (SELECT sum(reserved)::bigint FROM inventory.stock)";

#[tokio::test]
async fn commands_for_an_order_that_does_not_exist_are_undone() {
    let system = TestSystem::of("unknown_orders").product(SeedProduct::of("SKU-STRANGE", 10)).start().await;
    let order_id = OrderId::from_uuid(Uuid::now_v7());
    let lines: Vec<Line> =
        vec![Line { sku: "SKU-STRANGE".parse().expect("a SKU"), quantity: 3_u32.try_into().expect("a quantity") }];
    let amount = Money::new(1_999, "USD".parse().expect("a currency")).expect("an amount");
    let warehouse_id = WarehouseId::from_uuid(Uuid::now_v7());
    let shipment_id = ShipmentId::of(order_id, warehouse_id);
    let request = ShipmentRequest { shipment_id, warehouse_id, vendor_id: None, lines: lines.clone() };

    let reserve = InventoryCommand::Reserve(ReserveStock::new(order_id, lines));
    let authorize = PaymentCommand::Authorize(AuthorizePayment {
        order_id,
        amount,
        method: "sim_ok".to_owned(),
        customer_id: None,
    });
    let book = ShipmentCommand::Book(BookShipments { order_id, shipments: vec![request], has_recipient: false });
    system.broker.publish_command(Queue::Inventory, order_id, &reserve).await;
    system.broker.publish_command(Queue::Payments, order_id, &authorize).await;
    system.broker.publish_command(Queue::Shipping, order_id, &book).await;

    eventually("every step to be undone", LIMIT, || async {
        let found: (i64, i64) = sqlx::query_as(UNDONE_AND_RESERVED)
            .bind(order_id.as_uuid())
            .fetch_one(system.pool())
            .await
            .map_err(|error| error.to_string())?;
        if found == (3, 0) { Ok(()) } else { Err(format!("undone and reserved: {found:?}")) }
    })
    .await;
    system.finish().await;
}

//! Many orders at once.

use crate::client::{ApiClient, NewOrder};
use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const CLIENTS_AT_ONCE: usize = 32;

/// Places all of `orders` and returns the ids of the 202 responses, in the same order.
pub async fn place_all(client: &ApiClient, orders: &[NewOrder]) -> Vec<Uuid> {
    stream::iter(orders).map(|order| client.place_accepted(order)).buffered(CLIENTS_AT_ONCE).collect().await
}

/// Places orders of one unit, 32 at once, until `stop`, and returns the ids of the 202 responses. A fault that is
/// injected before `stop` hits the intake, however fast it is.
pub async fn place_until(client: &ApiClient, sku: &'static str, stop: &CancellationToken) -> Vec<Uuid> {
    let orders = stream::repeat_with(|| NewOrder::of(sku, 1)).take_until(stop.cancelled());
    let responses = orders.map(|order| async move { client.place_accepted(&order).await });
    responses.buffered(CLIENTS_AT_ONCE).collect().await
}

/// Orders with different outcomes: most are confirmed, about every seventh is declined or finds no stock.
pub fn mixed_orders(skus: &[&'static str], count: usize) -> Vec<NewOrder> {
    let methods = ["sim_ok", "sim_timeout", "sim_ok", "sim_declined", "sim_ok", "sim_flaky", "sim_ok"];
    let sku = skus.iter().cycle();
    let orders = sku.zip(methods.iter().cycle()).zip(1..=count);
    orders.map(|((sku, method), number)| NewOrder::of(sku, quantity_of(number)).paid_by(method)).collect()
}

/// 1 to 3 units.
fn quantity_of(number: usize) -> u32 {
    u32::try_from(number % 3).map_or(1, |units| units + 1)
}

/// `count` orders of one unit each.
pub fn orders_of(sku: &'static str, count: usize) -> Vec<NewOrder> {
    (0..count).map(|_number| NewOrder::of(sku, 1)).collect()
}

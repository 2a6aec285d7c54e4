//! A simulated carrier for development and tests. It accepts every shipment and moves it with configured transit times.
//! The same shipment always gets the same waybill, so it stores no bookings. A scheduled task moves its shipments.

mod moves;
mod settings;
mod store;

pub use settings::{SimulatedCarrierArgs, TransitTimes};

use super::{BookResponse, CancelResponse, Carrier, RegisteredCarrier};
use crate::error::ShippingError;
use async_trait::async_trait;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::ShipmentId;
use domain::messages::ShipmentRequest;
use domain::order::Recipient;
use domain::shipment::TrackingNumber;
use messaging::WriteContext;
use std::time::Duration;

/// Time from the order to the promised delivery.
const PROMISE: TimeDelta = TimeDelta::days(3);
/// Shipments with a SKU that starts with this prefix are refused, so that integrators can test an order that can't be
/// shipped.
const REFUSED_SKU_PREFIX: &str = "SIM-REFUSED";

/// Crockford's base 32: no I, L, O, U, and in the order of ASCII.
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BASE32_BITS: u32 = 5;
/// 38 bits of time and 62 of the shipment's hash.
const TRACKING_BITS: u32 = 100;
const HASH_BITS: u32 = 62;

#[derive(Debug, Clone)]
pub struct SimulatedCarrier {
    latency: Duration,
}

impl SimulatedCarrier {
    async fn simulate_latency(&self) {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
    }
}

impl RegisteredCarrier for SimulatedCarrier {
    const NAME: &'static str = "simulated";
    const IS_REAL: bool = false;

    type Settings = SimulatedCarrierArgs;

    fn start(settings: &SimulatedCarrierArgs) -> Option<Self> {
        Some(Self { latency: settings.latency() })
    }

    async fn advance_shipments(
        settings: &SimulatedCarrierArgs,
        context: &WriteContext,
        now: Timestamp,
        limit: u32,
    ) -> Result<usize, ShippingError> {
        moves::advance_shipments(context, &settings.transit_times(), now, limit).await
    }
}

#[async_trait]
impl Carrier for SimulatedCarrier {
    async fn book(&self, request: &ShipmentRequest, _recipient: &Recipient) -> BookResponse {
        self.simulate_latency().await;
        if request.lines.iter().any(|line| line.sku.as_str().starts_with(REFUSED_SKU_PREFIX)) {
            return BookResponse::Refused { reason: "goods_not_accepted".to_owned() };
        }
        BookResponse::Booked {
            tracking_number: tracking_number(request.shipment_id),
            promised_by: request.shipment_id.ordered_at() + PROMISE,
        }
    }

    async fn cancel(&self, _shipment: ShipmentId, _tracking_number: Option<&TrackingNumber>) -> CancelResponse {
        self.simulate_latency().await;
        CancelResponse::Cancelled
    }
}

/// `OF` and 20 characters. The digits start with the order's time in seconds, so that new numbers are inserted at the
/// right edge of their index.
fn tracking_number(shipment: ShipmentId) -> TrackingNumber {
    let bits = shipment.as_uuid().as_u128();
    let second = bits >> (128 - 38);
    let hash = bits & ((1 << HASH_BITS) - 1);
    let number = second << HASH_BITS | hash;
    let digit = |position: u32| BASE32[usize::try_from(number >> position & 31).expect("five bits")];
    let digits = (0..TRACKING_BITS).step_by(BASE32_BITS as usize).rev().map(|position| char::from(digit(position)));
    let text: String = "OF".chars().chain(digits).collect();
    text.parse().expect("letters and digits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{OrderId, WarehouseId};
    use domain::product::Line;
    use std::collections::HashSet;
    use uuid::Uuid;

    fn shipment(order: Uuid, warehouse: u128) -> ShipmentId {
        ShipmentId::of(OrderId::from_uuid(order), WarehouseId::from_uuid(Uuid::from_u128(warehouse)))
    }

    #[test]
    fn tracking_numbers_are_short_deterministic_and_unique() {
        let orders: Vec<_> = (0..500).map(|_| Uuid::now_v7()).collect();

        let numbers: HashSet<_> = orders
            .iter()
            .flat_map(|order| [1, 2].map(|warehouse| tracking_number(shipment(*order, warehouse))))
            .collect();

        assert_eq!(numbers.len(), 1_000);
        assert!(numbers.iter().all(|number| number.as_str().len() == 22 && number.as_str().starts_with("OF")));
        assert_eq!(tracking_number(shipment(orders[0], 1)), tracking_number(shipment(orders[0], 1)));
    }

    #[test]
    fn later_orders_have_greater_tracking_numbers() {
        let order_at = |second: u64| Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, second, 0));

        let older = tracking_number(shipment(order_at(1_700_000_000), 1));
        let newer = tracking_number(shipment(order_at(1_700_000_002), 1));

        assert!(older < newer, "{older} {newer}");
    }

    #[test]
    fn a_shipment_is_promised_three_days_after_its_order() {
        let order = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_700_000_000, 0));

        let response = booked(&request(shipment(order, 1), "SKU-HEADPHONES"));

        let BookResponse::Booked { promised_by, .. } = response else { panic!("{response:?}") };
        assert_eq!(promised_by.timestamp(), 1_700_000_000 + 3 * 86_400);
    }

    #[test]
    fn skus_with_the_refused_prefix_are_refused() {
        let response = booked(&request(shipment(Uuid::now_v7(), 1), "SIM-REFUSED-BATTERY"));

        assert_eq!(response, BookResponse::Refused { reason: "goods_not_accepted".to_owned() });
    }

    fn request(shipment_id: ShipmentId, sku: &str) -> ShipmentRequest {
        let line = Line { sku: sku.parse().unwrap(), quantity: 1_u32.try_into().unwrap() };
        let warehouse_id = WarehouseId::from_uuid(Uuid::from_u128(1));
        ShipmentRequest { shipment_id, warehouse_id, vendor_id: None, lines: vec![line] }
    }

    fn booked(request: &ShipmentRequest) -> BookResponse {
        let carrier = SimulatedCarrier { latency: Duration::ZERO };
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(carrier.book(request, &Recipient::default()))
    }
}

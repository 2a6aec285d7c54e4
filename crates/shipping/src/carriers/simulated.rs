//! A carrier of our own that takes everything on, and moves it at a configured pace. It keeps nothing: the same
//! shipment is always given the same waybill.

use super::{BookAnswer, CancelAnswer, Carrier};
use crate::ShippingArgs;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::ShipmentId;
use domain::messages::Parcel;
use domain::shipment::TrackingNumber;
use std::time::Duration;

/// How long after its order a shipment is promised.
const PROMISE: TimeDelta = TimeDelta::days(3);
/// Goods whose SKU begins so are refused, so that integrators can rehearse an order that can't be shipped.
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
    hand_over: Duration,
}

impl SimulatedCarrier {
    pub fn new(args: &ShippingArgs) -> Self {
        Self { latency: args.latency(), hand_over: args.pace().hand_over }
    }

    async fn think(&self) {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
    }
}

impl Carrier for SimulatedCarrier {
    const NAME: &'static str = "simulated";

    async fn book(&self, parcel: &Parcel) -> BookAnswer {
        self.think().await;
        if parcel.lines.iter().any(|line| line.sku.as_str().starts_with(REFUSED_SKU_PREFIX)) {
            return BookAnswer::Refused { reason: "goods_not_accepted".to_owned() };
        }
        BookAnswer::Booked {
            tracking_number: tracking_number(parcel.shipment_id),
            promised_by: ordered_at(parcel.shipment_id) + PROMISE,
        }
    }

    async fn cancel(&self, _shipment: ShipmentId, _tracking_number: Option<&TrackingNumber>) -> CancelAnswer {
        self.think().await;
        CancelAnswer::Cancelled
    }

    fn moves_after(&self) -> Option<Duration> {
        Some(self.hand_over)
    }
}

/// `OF` and 20 characters: the order's second first, so that new numbers go to the right edge of their index.
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

/// An id of a shipment begins with the millisecond that its order was made in.
fn ordered_at(shipment: ShipmentId) -> Timestamp {
    let ms = i64::try_from(shipment.as_uuid().as_u128() >> 80).expect("48 bits");
    Timestamp::from_timestamp_millis(ms).expect("48 bits of milliseconds end in the year 10889")
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
    fn tracking_numbers_are_short_repeat_and_differ() {
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
        let made_in = |second: u64| Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, second, 0));

        let older = tracking_number(shipment(made_in(1_700_000_000), 1));
        let newer = tracking_number(shipment(made_in(1_700_000_002), 1));

        assert!(older < newer, "{older} {newer}");
    }

    #[test]
    fn a_shipment_is_promised_three_days_after_its_order() {
        let order = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_700_000_000, 0));

        let answer = booked(&parcel(shipment(order, 1), "SKU-HEADPHONES"));

        let BookAnswer::Booked { promised_by, .. } = answer else { panic!("{answer:?}") };
        assert_eq!(promised_by.timestamp(), 1_700_000_000 + 3 * 86_400);
    }

    #[test]
    fn goods_that_are_named_so_are_refused() {
        let answer = booked(&parcel(shipment(Uuid::now_v7(), 1), "SIM-REFUSED-BATTERY"));

        assert_eq!(answer, BookAnswer::Refused { reason: "goods_not_accepted".to_owned() });
    }

    fn parcel(shipment_id: ShipmentId, sku: &str) -> Parcel {
        let line = Line { sku: sku.parse().unwrap(), quantity: 1_u32.try_into().unwrap() };
        Parcel { shipment_id, warehouse_id: WarehouseId::from_uuid(Uuid::from_u128(1)), lines: vec![line] }
    }

    fn booked(parcel: &Parcel) -> BookAnswer {
        let carrier = SimulatedCarrier { latency: Duration::ZERO, hand_over: Duration::ZERO };
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(carrier.book(parcel))
    }
}

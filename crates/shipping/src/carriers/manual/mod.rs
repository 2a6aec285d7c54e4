//! The carrier of shops whose vendors ship themselves. It accepts every shipment and calls nobody: a booked shipment
//! waits until its vendor, or an admin, enters the company that transports it with the tracking number there, and
//! reports the milestones. Until then the shipment's id is its tracking number.

mod settings;

pub use settings::ManualCarrierArgs;

use super::{BookResponse, CancelResponse, Carrier, RegisteredCarrier};
use async_trait::async_trait;
use chrono::TimeDelta;
use domain::ids::ShipmentId;
use domain::messages::ShipmentRequest;
use domain::order::Recipient;
use domain::shipment::TrackingNumber;

#[derive(Debug, Clone)]
pub struct ManualCarrier {
    /// Time from the order to the promised delivery.
    promise: TimeDelta,
}

impl RegisteredCarrier for ManualCarrier {
    const NAME: &'static str = "manual";
    const TRACKING_IS_ENTERED: bool = true;

    type Settings = ManualCarrierArgs;

    fn start(settings: &ManualCarrierArgs) -> Option<Self> {
        Some(Self { promise: settings.promise() })
    }
}

#[async_trait]
impl Carrier for ManualCarrier {
    async fn book(&self, request: &ShipmentRequest, _recipient: &Recipient) -> BookResponse {
        let id = request.shipment_id;
        BookResponse::Booked { tracking_number: reference(id), promised_by: id.ordered_at() + self.promise }
    }

    /// Nobody has it before the hand-over is reported, and after that a booking is not cancelled.
    async fn cancel(&self, _shipment: ShipmentId, _tracking_number: Option<&TrackingNumber>) -> CancelResponse {
        CancelResponse::Cancelled
    }
}

fn reference(shipment: ShipmentId) -> TrackingNumber {
    shipment.to_string().parse().expect("36 digits, letters and dashes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{OrderId, WarehouseId};
    use uuid::Uuid;

    #[tokio::test]
    async fn a_shipment_is_booked_under_its_id_and_promised_from_its_order_on() {
        let order = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_700_000_000, 0));
        let warehouse_id = WarehouseId::from_uuid(Uuid::from_u128(1));
        let shipment_id = ShipmentId::of(OrderId::from_uuid(order), warehouse_id);
        let request = ShipmentRequest { shipment_id, warehouse_id, vendor_id: None, lines: Vec::new() };
        let carrier = ManualCarrier::start(&ManualCarrierArgs { manual_carrier_delivery_hours: 2 }).unwrap();

        let response = carrier.book(&request, &Recipient::default()).await;

        let BookResponse::Booked { tracking_number, promised_by } = response else { panic!("{response:?}") };
        assert_eq!(tracking_number.as_str().to_lowercase(), shipment_id.to_string());
        assert_eq!(promised_by.timestamp(), 1_700_000_000 + 7_200);
    }
}

//! The reports that arrived while a carrier was being called to cancel or amend a shipment. The result of the call decides
//! what they mean: the shipment advances, or it moves although it is cancelled.

use crate::error::ShippingError;
use crate::report_effect::effect_of;
use crate::store::{self, StoredBooking, StoredEvent};
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId};
use messaging::Outgoing;
use sqlx::PgConnection;
use std::collections::HashMap;

#[derive(Default)]
pub(crate) struct KeptReports {
    reports: HashMap<ShipmentId, Vec<StoredEvent>>,
    pub messages: Vec<Outgoing>,
}

impl KeptReports {
    /// Those of the bookings that are locked now. Most batches have none, and cost no query.
    pub async fn of(tx: &mut PgConnection, bookings: &HashMap<OrderId, StoredBooking>) -> Result<Self, ShippingError> {
        let locked = bookings.values().filter(|stored| stored.booking.is_locked());
        let shipments: Vec<_> = locked.flat_map(|stored| stored.shipments.iter().map(|shipment| shipment.id)).collect();
        let mut kept = Self::default();
        if shipments.is_empty() {
            return Ok(kept);
        }
        for event in store::find_events(tx, &shipments).await? {
            kept.reports.entry(event.shipment_id).or_default().push(event);
        }
        Ok(kept)
    }

    /// The booking after its reports, once it is not locked any more. The order gets each report again that it may have
    /// received before, under the same id.
    pub fn applied_to(&mut self, mut stored: StoredBooking, now: Timestamp) -> StoredBooking {
        if stored.booking.is_locked() {
            return stored;
        }
        for shipment in &mut stored.shipments {
            for event in self.reports.remove(&shipment.id).unwrap_or_default() {
                let effect = effect_of(shipment, event.report, event.occurred_at, &stored.trace, now);
                self.messages.extend(effect.messages);
                *shipment = effect.shipment;
            }
        }
        stored
    }
}

//! What this slice writes at the end of a transaction.

use crate::error::ShippingError;
use crate::store::{self, ChangedBooking, ChangedShipment, DelayCheck, StoredBooking};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::AmendShipment;
use messaging::Changes;
use sqlx::PgConnection;

#[derive(Debug, Default)]
pub struct ShippingChanges {
    pub(crate) bookings: Vec<ChangedBooking>,
    pub(crate) shipments: Vec<ChangedShipment>,
    /// Orders whose bookings are about to be cancelled at the carrier.
    pub(crate) cancelling: Vec<OrderId>,
    /// Shipments that are about to be replaced at the carrier.
    pub(crate) amending: Vec<AmendShipment>,
    pub(crate) delay_checks: Vec<DelayCheck>,
}

impl ShippingChanges {
    /// Adds what differs between a booking as it was read and as it shall be.
    pub(crate) fn add_booking(&mut self, order_id: OrderId, before: &StoredBooking, after: StoredBooking) {
        if before.booking != after.booking {
            self.bookings.push(ChangedBooking { order_id, from: before.booking.status(), to: after.booking });
        }
        let shipments = before.shipments.iter().zip(after.shipments);
        self.shipments.extend(shipments.filter_map(|(before, after)| ChangedShipment::between(before, after)));
    }
}

impl Changes for ShippingChanges {
    type Error = ShippingError;

    async fn save(&self, tx: &mut PgConnection, now: Timestamp) -> Result<(), ShippingError> {
        store::start_cancelling(tx, &self.cancelling, now).await?;
        store::start_amending(tx, &self.amending, now).await?;
        store::save_changes(tx, &self.bookings, &self.shipments, now).await?;
        store::save_delay_checks(tx, &self.delay_checks, now).await
    }
}

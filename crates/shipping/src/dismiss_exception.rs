//! Use case: a person decided that a shipment with an exception goes on as before.

use crate::changes::ShippingChanges;
use crate::error::ShippingError;
use crate::store::{self, ChangedShipment, StoredShipment};
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId};
use messaging::{UnitOfWork, WriteContext};

/// The shipment shows no exception any more, and the simulated carrier moves it again. Nothing changes if there is none.
pub async fn dismiss_exception(
    context: &WriteContext,
    order: OrderId,
    shipment: ShipmentId,
    now: Timestamp,
) -> Result<(), ShippingError> {
    let mut work = UnitOfWork::begin(context).await?;
    let booking = store::lock_bookings(&mut work, &[order]).await?.remove(&order);
    let stored = booking.as_ref().and_then(|booking| booking.shipment(shipment));
    let dismissed = |stored: &StoredShipment| {
        ChangedShipment::between(stored, StoredShipment { exception: None, ..stored.clone() })
    };
    let shipments = stored.and_then(dismissed).into_iter().collect();
    work.commit(ShippingChanges { shipments, ..ShippingChanges::default() }, now).await?;
    Ok(())
}

//! Use case: a person decided that a shipment with an exception goes on as before.

use crate::error::ShippingError;
use crate::exception_change::ExceptionChange;
use crate::store;
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId};
use messaging::{NoChanges, UnitOfWork, WriteContext};

/// The shipment shows no exception any more, and the simulated carrier moves it again. Nothing changes if there is none.
pub async fn dismiss_exception(
    context: &WriteContext,
    order: OrderId,
    shipment: ShipmentId,
    now: Timestamp,
) -> Result<(), ShippingError> {
    let mut work = UnitOfWork::begin(context).await?;
    let booking = store::lock_bookings(&mut work, &[order]).await?.remove(&order);
    if let Some(stored) = booking.as_ref().and_then(|booking| booking.shipment(shipment)) {
        store::save_exception(&mut work, stored, ExceptionChange::Clear, now).await?;
    }
    work.commit(NoChanges, now).await?;
    Ok(())
}

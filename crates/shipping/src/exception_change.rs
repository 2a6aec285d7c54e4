//! What a report does to the exception that a shipment shows.

use domain::shipment::DeliveryException;

/// What becomes of the exception that the shipment shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExceptionChange {
    Keep,
    /// It has arrived.
    Clear,
    Set(DeliveryException),
}

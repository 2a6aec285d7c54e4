//! Maps the errors of shipping to problems.

use super::{Kind, Problem};
use shipping::{CarrierEventError, EnterTrackingError, ShippingError};

impl From<ShippingError> for Problem {
    fn from(error: ShippingError) -> Self {
        match error {
            ShippingError::Database(error) => error.into(),
            ShippingError::Inconsistent(error) => Self::internal(error),
        }
    }
}

impl From<CarrierEventError> for Problem {
    fn from(error: CarrierEventError) -> Self {
        let detail = error.to_string();
        match error {
            CarrierEventError::UnknownShipment => Self::not_found("shipment"),
            CarrierEventError::Refused(_) => Self::new(Kind::InvalidState, detail),
            CarrierEventError::Failed(error) => error.into(),
        }
    }
}

impl From<EnterTrackingError> for Problem {
    fn from(error: EnterTrackingError) -> Self {
        let detail = error.to_string();
        match error {
            EnterTrackingError::NumberTaken(_) => Self::about(Kind::AlreadyExists, "/tracking_number", detail),
            EnterTrackingError::Shipment(error) => error.into(),
        }
    }
}

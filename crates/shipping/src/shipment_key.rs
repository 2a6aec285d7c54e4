//! How callers name a shipment.

use domain::ids::ShipmentId;
use domain::shipment::{BadTrackingNumber, TrackingNumber};
use std::str::FromStr;

/// A shipment's id or its tracking number. A UUID is read as an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShipmentKey {
    Id(ShipmentId),
    TrackingNumber(TrackingNumber),
}

impl ShipmentKey {
    /// Whether it names the shipment with this id and tracking number.
    pub(crate) fn names(&self, shipment: ShipmentId, tracking_number: Option<&TrackingNumber>) -> bool {
        match self {
            Self::Id(id) => *id == shipment,
            Self::TrackingNumber(number) => Some(number) == tracking_number,
        }
    }
}

impl FromStr for ShipmentKey {
    type Err = BadTrackingNumber;

    fn from_str(text: &str) -> Result<Self, BadTrackingNumber> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_no_id) => text.parse().map(Self::TrackingNumber),
        }
    }
}

impl From<ShipmentId> for ShipmentKey {
    fn from(id: ShipmentId) -> Self {
        Self::Id(id)
    }
}

impl From<TrackingNumber> for ShipmentKey {
    fn from(number: TrackingNumber) -> Self {
        Self::TrackingNumber(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_uuid_is_an_id_and_any_other_key_a_tracking_number() {
        let id = ShipmentId::from_uuid(Uuid::from_u128(7));

        assert_eq!(id.to_string().to_uppercase().parse(), Ok(ShipmentKey::Id(id)));
        assert_eq!("of-1".parse(), Ok(ShipmentKey::TrackingNumber("OF-1".parse().unwrap())));
        assert_eq!("no number".parse::<ShipmentKey>(), Err(BadTrackingNumber));
    }
}

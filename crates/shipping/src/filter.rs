//! What selects the shipments of a list, and the position in it.

use crate::views::ShipmentView;
use domain::ids::{OrderId, ShipmentId, UserId};
use domain::page::PageSize;
use domain::shipment::ShipmentStatus;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Filter and position of a page.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShipmentFilter {
    pub status: Option<ShipmentStatus>,
    /// Only shipments of this vendor.
    pub vendor: Option<UserId>,
    pub after: Option<ShipmentCursor>,
    pub limit: PageSize,
}

/// The last item of a page. The next page starts after it. Written as `VENDOR~ORDER_ID~ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShipmentCursor {
    /// The nil UUID if the shipment has no vendor.
    pub vendor: UserId,
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a `next_cursor` of a page of shipments")]
pub struct InvalidCursor;

impl ShipmentCursor {
    /// Before the first shipment.
    pub(crate) const START: Self = Self {
        vendor: UserId::from_uuid(Uuid::nil()),
        order_id: OrderId::from_uuid(Uuid::nil()),
        shipment_id: ShipmentId::from_uuid(Uuid::nil()),
    };

    pub(crate) fn of(last: &ShipmentView) -> Self {
        let vendor = last.vendor_id.unwrap_or(Self::START.vendor);
        Self { vendor, order_id: last.order_id, shipment_id: last.shipment_id }
    }
}

impl fmt::Display for ShipmentCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.vendor, self.order_id, self.shipment_id)
    }
}

impl FromStr for ShipmentCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut ids = text.split('~');
        let (Some(vendor), Some(order), Some(shipment), None) = (ids.next(), ids.next(), ids.next(), ids.next()) else {
            return Err(InvalidCursor);
        };
        let vendor = vendor.parse().map_err(|_no_id| InvalidCursor)?;
        let order_id = order.parse().map_err(|_no_id| InvalidCursor)?;
        let shipment_id = shipment.parse().map_err(|_no_id| InvalidCursor)?;
        Ok(Self { vendor, order_id, shipment_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        let [vendor, order, shipment] = [1, 2, 3].map(Uuid::from_u128);
        let cursor = ShipmentCursor {
            vendor: UserId::from_uuid(vendor),
            order_id: OrderId::from_uuid(order),
            shipment_id: ShipmentId::from_uuid(shipment),
        };

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for invalid in ["", "~", "~~", &format!("{vendor}~{order}"), &format!("{cursor}~{vendor}")] {
            assert_eq!(invalid.parse::<ShipmentCursor>(), Err(InvalidCursor), "{invalid}");
        }
    }
}

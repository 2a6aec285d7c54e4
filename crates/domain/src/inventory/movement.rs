//! The changes of stock, and what each does to the counters.

/// A change of the stock of one SKU in one warehouse, in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Units arrived at the warehouse.
    Received(u32),
    /// More or fewer units were found.
    Adjusted(i32),
    /// All units were counted. The difference to `on_hand`, which may be zero.
    Counted(i32),
    /// Reserved for an order.
    Reserved(u32),
    /// A reservation was released.
    Released(u32),
    /// Reserved units left the warehouse.
    Shipped(u32),
    /// A customer returned units.
    Returned(u32),
    /// Units left for another warehouse.
    TransferredOut(u32),
    /// Units arrived from another warehouse.
    TransferredIn(u32),
}

crate::string_enum! {
    /// A movement's name, as it is stored.
    pub enum MovementKind {
        Received,
        Adjusted,
        Counted,
        Reserved,
        Released,
        Shipped,
        Returned,
        TransferredOut,
        TransferredIn,
        /// The sum of the movements of orders that were removed. It changes no counter.
        Compacted,
    }
}

impl Movement {
    pub const fn kind(self) -> MovementKind {
        match self {
            Self::Received(_) => MovementKind::Received,
            Self::Adjusted(_) => MovementKind::Adjusted,
            Self::Counted(_) => MovementKind::Counted,
            Self::Reserved(_) => MovementKind::Reserved,
            Self::Released(_) => MovementKind::Released,
            Self::Shipped(_) => MovementKind::Shipped,
            Self::Returned(_) => MovementKind::Returned,
            Self::TransferredOut(_) => MovementKind::TransferredOut,
            Self::TransferredIn(_) => MovementKind::TransferredIn,
        }
    }

    /// The change of `on_hand`.
    pub fn on_hand_delta(self) -> i64 {
        match self {
            Self::Received(units) | Self::Returned(units) | Self::TransferredIn(units) => i64::from(units),
            Self::Adjusted(difference) | Self::Counted(difference) => i64::from(difference),
            Self::Reserved(_) | Self::Released(_) => 0,
            Self::Shipped(units) | Self::TransferredOut(units) => -i64::from(units),
        }
    }

    /// The change of `reserved`.
    pub fn reserved_delta(self) -> i64 {
        match self {
            Self::Received(_)
            | Self::Adjusted(_)
            | Self::Counted(_)
            | Self::Returned(_)
            | Self::TransferredOut(_)
            | Self::TransferredIn(_) => 0,
            Self::Reserved(units) => i64::from(units),
            Self::Released(units) | Self::Shipped(units) => -i64::from(units),
        }
    }

    /// Whether a closed warehouse refuses it. What is there already can still be shipped, counted and moved away.
    pub const fn needs_open_warehouse(self) -> bool {
        matches!(self, Self::Reserved(_) | Self::TransferredIn(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_release_or_shipment_leaves_nothing_reserved() {
        for last in [Movement::Released(7), Movement::Shipped(7)] {
            assert_eq!(Movement::Reserved(7).reserved_delta() + last.reserved_delta(), 0);
        }
    }
}

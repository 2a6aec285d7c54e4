//! The condition of returned units.

use crate::product::Quantity;

crate::string_enum! {
    /// The condition of returned units.
    #[derive(PartialOrd, Ord)]
    pub enum Condition {
        /// They go back to the stock.
        Resellable,
        Damaged,
        /// They did not arrive. They are not refunded, and can be returned later.
        Missing,
    }
}

/// Units of a line in one condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedUnits {
    pub line_no: i16,
    pub condition: Condition,
    pub quantity: Quantity,
    pub is_refunded: bool,
}

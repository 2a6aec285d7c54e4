//! Amounts that a trusted caller adds to the catalogue's prices, or takes off them. They are stored and summed, never
//! computed.

use crate::money::AmountMinor;
use serde::Serialize;

/// In the minor unit of the order's currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Adjustments {
    /// One per line of the order, in the same order, or none at all.
    pub lines: Vec<LineAdjustment>,
    pub shipping_minor: AmountMinor,
}

/// For all units of a line together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LineAdjustment {
    pub tax_minor: AmountMinor,
    /// At most what the line costs with its tax.
    pub discount_minor: AmountMinor,
}

impl Adjustments {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

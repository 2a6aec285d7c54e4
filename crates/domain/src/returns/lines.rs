//! The lines of a return.

use crate::product::{Quantity, Sku};

/// Units of a line of the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnLine {
    pub line_no: i16,
    pub sku: Sku,
    pub quantity: Quantity,
}

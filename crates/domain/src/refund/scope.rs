//! How much a refund request asks for.

use crate::product::Quantity;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundScope {
    /// Everything that is captured and not refunded.
    Whole,
    /// Units of lines, with their shares of tax, discount and shipping.
    Lines(Vec<LineUnits>),
    /// An amount in minor units that belongs to no line.
    Amount(NonZeroU64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineUnits {
    pub line_no: i16,
    pub quantity: Quantity,
}

crate::string_enum! {
    pub enum RefundScopeKind {
        Whole,
        Lines,
        Amount,
    }
}

impl RefundScope {
    pub const fn kind(&self) -> RefundScopeKind {
        match self {
            Self::Whole => RefundScopeKind::Whole,
            Self::Lines(_) => RefundScopeKind::Lines,
            Self::Amount(_) => RefundScopeKind::Amount,
        }
    }
}

//! What selects the orders and the sagas of a list, and the size of its pages.

use crate::cursor::Cursor;
use domain::Timestamp;
use domain::order::OrderStatus;
use domain::product::Sku;

pub const PAGE_SIZE_MAX: u32 = 100;
const PAGE_SIZE_DEFAULT: u32 = 20;

#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    pub status: Option<OrderStatus>,
    /// Inclusive.
    pub created_from: Option<Timestamp>,
    /// Exclusive.
    pub created_to: Option<Timestamp>,
    /// Orders with a line of this SKU; for a vendor, with such a line of their own.
    pub sku: Option<Sku>,
    pub after: Option<Cursor>,
    pub limit: PageSize,
}

/// 1 to 100 orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page size must be 1 to {PAGE_SIZE_MAX}, got {0}")]
pub struct BadPageSize(i64);

/// Selects sagas by their state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SagaFilter {
    /// The open command was sent so often without a reply that an operator has to act.
    #[default]
    Stuck,
    /// The deadline has passed without a reply, and the command was not sent again yet.
    Overdue,
    /// Every saga that has not ended.
    Active,
}

impl PageSize {
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(PAGE_SIZE_DEFAULT)
    }
}

impl TryFrom<i64> for PageSize {
    type Error = BadPageSize;

    fn try_from(size: i64) -> Result<Self, BadPageSize> {
        match u32::try_from(size) {
            Ok(size @ 1..=PAGE_SIZE_MAX) => Ok(Self(size)),
            _ => Err(BadPageSize(size)),
        }
    }
}

//! What selects the orders and the sagas of a list, and the size of its pages.

use crate::cursor::Cursor;
use domain::Timestamp;
use domain::order::OrderStatus;
use domain::page::PageSize;
use domain::product::Sku;

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

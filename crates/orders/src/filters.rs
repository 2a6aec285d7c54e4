//! What selects the orders and the sagas of a list, and the size of its pages.

use crate::cursor::Cursor;
use domain::Timestamp;
use domain::ids::UserId;
use domain::order::{ExternalRef, MetadataKey, MetadataValue, OrderNumber, OrderPaymentStatus, OrderStatus};
use domain::page::PageSize;
use domain::product::Sku;

#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// Any of them; all if there are none.
    pub status: Vec<OrderStatus>,
    /// The same.
    pub payment_status: Vec<OrderPaymentStatus>,
    /// Whether the order needs a human. Viewers who see no attention must not filter by it.
    pub attention: Option<bool>,
    pub customer: Option<UserId>,
    pub external_ref: Option<ExternalRef>,
    pub order_number: Option<OrderNumber>,
    /// Orders with this entry. Viewers who see no metadata must not filter by it.
    pub metadata: Option<(MetadataKey, MetadataValue)>,
    /// Inclusive.
    pub created_from: Option<Timestamp>,
    /// Exclusive.
    pub created_to: Option<Timestamp>,
    /// The last change; inclusive.
    pub changed_from: Option<Timestamp>,
    /// Exclusive.
    pub changed_to: Option<Timestamp>,
    /// Orders with a line of this SKU; for a vendor, with such a line of their own.
    pub sku: Option<Sku>,
    pub after: Option<Cursor>,
    pub limit: PageSize,
}

impl OrderFilter {
    pub(crate) fn has_status(&self) -> bool {
        !self.status.is_empty() || !self.payment_status.is_empty()
    }

    /// Whether a filter selects orders by an index of its own.
    pub(crate) fn names_orders(&self) -> bool {
        self.sku.is_some() || self.metadata.is_some() || self.external_ref.is_some() || self.order_number.is_some()
    }

    /// Whether the best plan depends on the values, because some select many orders and others few.
    pub(crate) fn has_uneven_values(&self) -> bool {
        self.sku.is_some() || self.metadata.is_some() || self.changed_from.is_some() || self.changed_to.is_some()
    }
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

//! An order that is to be placed, and the result.

use crate::idempotency_key::{Fingerprint, IdempotencyKey};
use domain::ids::{OrderId, PrincipalId, UserId};
use domain::inventory::AllocationPolicy;
use domain::money::{AmountMinor, Money};
use domain::order::order_request::{Note, PaymentMethod};
use domain::order::pricing::PricedLine;
use domain::order::{OrderDetails, OrderNumber};
use messaging::Trace;

/// An order to be placed, checked and priced.
#[derive(Debug, Clone)]
pub struct NewOrder {
    pub customer_id: UserId,
    /// Whose `key` it is.
    pub principal: PrincipalId,
    /// The route that the key applies to, such as `POST /orders`.
    pub route: &'static str,
    pub key: IdempotencyKey,
    pub fingerprint: Fingerprint,
    /// As priced by `domain::order::order_request`.
    pub lines: Vec<PricedLine>,
    pub shipping_minor: AmountMinor,
    /// Of the lines and of shipping.
    pub total: Money,
    pub payment_method: PaymentMethod,
    pub note: Option<Note>,
    pub details: OrderDetails,
    /// `None` for the policy of the inventory's settings.
    pub allocation_policy: Option<AllocationPolicy>,
    pub trace: Trace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    pub order_id: OrderId,
    pub order_number: OrderNumber,
    /// True when an earlier request with the same key placed the order.
    pub replayed: bool,
}

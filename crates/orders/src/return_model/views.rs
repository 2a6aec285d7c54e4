//! Returns as clients see them.

use super::stored::StoredReturn;
use crate::viewer::Viewer;
use domain::Timestamp;
use domain::ids::{OrderId, RefundId, ReturnId, UserId, WarehouseId};
use domain::money::Money;
use domain::returns::{
    CountedUnits, Restocking, ReturnLine, ReturnReason, ReturnRefund, ReturnRefundStatus, ReturnStatus,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnView {
    pub id: ReturnId,
    pub order_id: OrderId,
    pub customer_id: UserId,
    pub vendor_id: UserId,
    pub status: ReturnStatus,
    pub reason: ReturnReason,
    /// By the customer.
    pub note: Option<String>,
    /// By the vendor who declined it.
    pub decision_note: Option<String>,
    pub lines: Vec<ReturnLine>,
    /// Empty until it is received.
    pub counts: Vec<CountedUnits>,
    pub warehouse_id: Option<WarehouseId>,
    pub restocking: Option<Restocking>,
    pub refund: Option<ReturnRefundStatus>,
    /// Among the refunds of the order; `None` while there is none.
    pub refund_id: Option<RefundId>,
    pub refunded: Option<Money>,
    /// The orders that replace its units.
    pub exchange_orders: Vec<OrderId>,
    /// Why it needs a person; for support and admins.
    pub attention: Option<String>,
    /// When an approved return expires, and when an open command is sent again.
    pub deadline_at: Option<Timestamp>,
    /// Rises by one with each timeline entry.
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Empty in lists.
    pub timeline: Vec<ReturnEventView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnEventView {
    /// The return's version after it.
    pub version: i32,
    pub kind: String,
    pub detail: Option<serde_json::Value>,
    /// The role of the person who caused it; staff also see the id.
    pub actor: Option<String>,
    pub at: Timestamp,
}

impl ReturnView {
    pub fn of(stored: StoredReturn, exchange_orders: Vec<OrderId>, viewer: Viewer) -> Self {
        let StoredReturn { returned, customer_id, reason, note, decision_note, deadline_at, .. } = stored;
        let (status, refund_id) = (returned.status(), returned.refund_id());
        let outcomes = returned.state.outcomes();
        let refund = outcomes.map(|(_, refund)| refund);
        let is_requested = |refund: &ReturnRefund| {
            !matches!(refund, ReturnRefund::NotNeeded | ReturnRefund::NothingLeft | ReturnRefund::Open)
        };
        Self {
            id: returned.id,
            order_id: returned.order_id,
            customer_id,
            vendor_id: returned.vendor_id,
            status,
            reason,
            note,
            decision_note,
            restocking: outcomes.map(|(restocking, _)| restocking),
            refund: refund.map(ReturnRefund::status),
            refund_id: refund.filter(|refund| is_requested(refund)).map(|_| refund_id),
            refunded: refund
                .and_then(|refund| if let ReturnRefund::Done { amount } = refund { Some(*amount) } else { None }),
            lines: returned.lines,
            counts: returned.counts,
            warehouse_id: returned.warehouse_id,
            exchange_orders,
            attention: returned.attention.filter(|_| viewer.is_admin()),
            deadline_at,
            version: returned.version,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            timeline: Vec::new(),
        }
    }
}

//! A payment and its refunds, locked until the transaction ends.

use super::error::RefundError;
use crate::store::{self, Refund, StoredPayment};
use domain::Timestamp;
use domain::ids::{OrderId, RefundId};
use domain::messages::{PaymentCommand, RefundPayment};
use domain::money::Money;
use domain::payment::Balance;
use domain::refund::{EarlierRefunds, RefundQuote, RefundReason, RefundRefusal, RefundScopeKind, RefundStatus};
use messaging::{Outgoing, Trace};
use serde_json::{Value, json};
use sqlx::PgConnection;

pub(super) struct LockedRefunds {
    pub payment: StoredPayment,
    pub refunds: Vec<Refund>,
}

impl LockedRefunds {
    /// An order without a payment has nothing to refund.
    pub async fn of(tx: &mut PgConnection, order_id: OrderId) -> Result<Self, RefundError> {
        let payment = store::lock_payments(tx, &[order_id]).await?.remove(&order_id);
        let payment = payment.ok_or(RefundRefusal::NothingLeft)?;
        // Read after the lock is held: they include what other transactions have refunded.
        let refunds = store::find_refunds(tx, &[order_id]).await?.remove(&order_id).unwrap_or_default();
        Ok(Self { payment, refunds })
    }

    pub fn earlier(&self) -> EarlierRefunds {
        Refund::earlier(&self.refunds)
    }

    pub fn captured_minor(&self) -> i64 {
        self.payment.payment.balance().map_or(0, |balance| balance.captured_minor)
    }

    /// What is captured and neither refunded nor possibly refunded.
    pub fn left_minor(&self) -> i64 {
        self.payment.payment.balance().map_or(0, Balance::refundable_minor)
    }

    /// A new refund of `quote`, before its first call.
    pub fn first_attempt(
        &self,
        id: RefundId,
        scope: RefundScopeKind,
        reason: RefundReason,
        quote: RefundQuote,
        now: Timestamp,
    ) -> Result<Refund, RefundRefusal> {
        let RefundQuote { amount_minor, lines, shipping_minor } = quote;
        let currency = self.payment.payment.amount().ok_or(RefundRefusal::NothingLeft)?.currency;
        Ok(Refund {
            id,
            order_id: self.payment.order_id,
            scope,
            reason,
            status: RefundStatus::Pending,
            amount: Money { amount_minor, currency },
            shipping_minor,
            lines,
            attempt: 1,
            error: None,
            is_acknowledged: false,
            created_at: now,
            updated_at: now,
        })
    }

    pub fn find(&self, id: RefundId) -> Result<Refund, RefundError> {
        self.refunds.iter().find(|refund| refund.id == id).cloned().ok_or(RefundError::NotFound)
    }
}

/// The command of the refund's current attempt.
pub(super) fn command(refund: &Refund, trace: Trace) -> Outgoing {
    let (order_id, cause) = (refund.order_id, refund.cause());
    let command = PaymentCommand::Refund(RefundPayment { order_id, cause: cause.to_string(), amount: refund.amount });
    Outgoing::new(order_id, &command, format!("refund/{cause}"), trace, refund.updated_at)
}

/// A refund in the audit log.
pub(super) fn audit_state(refund: &Refund) -> Value {
    let (status, reason): (&str, &str) = (refund.status.into(), refund.reason.into());
    json!({
        "refund_id": refund.id, "status": status, "reason": reason, "attempt": refund.attempt,
        "amount_minor": refund.amount.amount_minor, "currency": refund.amount.currency,
    })
}

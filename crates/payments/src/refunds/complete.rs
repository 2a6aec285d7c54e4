//! Refunds without an outcome: of those whose key the gateway may have dropped, a person has to find out the outcome. Of
//! those that are behind their operation, it is the operation's.

use super::outcome::outcome_message;
use crate::error::PaymentsError;
use crate::store::{self, ExpiredBefore, OperationStatus, Refund, StoredPayment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::payment::Operation;
use domain::refund::RefundTransition;
use messaging::{Trace, UnitOfWork};

/// Completes at most `limit` refunds of each kind, and reports them to their orders.
pub(crate) async fn complete_refunds(
    work: &mut UnitOfWork,
    expired: &ExpiredBefore<'_>,
    trace: &Trace,
    now: Timestamp,
    limit: u32,
) -> Result<(), PaymentsError> {
    let mut orders = store::orders_with_expired_refunds(work, expired, limit).await?;
    orders.extend(store::orders_with_refunds_behind(work, limit).await?);
    // Locked before the refunds are read, so that a report that is settled meanwhile is not overwritten.
    let payments = store::lock_free_payments(work, &orders).await?;
    let locked: Vec<_> = payments.keys().copied().collect();
    let refunds = store::find_refunds(work, &locked).await?.into_values().flatten();
    let complete = |refund: Refund| completed(payments.get(&refund.order_id)?, refund, expired);
    let completed: Vec<_> = refunds.filter_map(complete).collect();
    store::save_refunds(work, &completed, now).await?;
    let replies: Vec<_> = completed.iter().filter_map(|refund| outcome_message(refund, trace.clone(), now)).collect();
    work.send(replies);
    Ok(())
}

/// The refund with its outcome; `None` if it has one, or none yet.
fn completed(payment: &StoredPayment, refund: Refund, expired: &ExpiredBefore<'_>) -> Option<Refund> {
    let key = Operation::Refund(refund.cause().to_string()).key(refund.order_id);
    let operation = payment.operations.get(&key)?;
    let is_expired = operation.created_at <= expired.of(&payment.gateway);
    let (transition, error) = match operation.status {
        OperationStatus::Succeeded => (RefundTransition::Succeed, None),
        OperationStatus::Declined => (RefundTransition::Refuse, operation.error.clone()),
        OperationStatus::Started | OperationStatus::Unknown if is_expired => {
            (RefundTransition::Expire, refund.error.clone())
        }
        OperationStatus::Started | OperationStatus::Unknown => return None,
    };
    match refund.status.apply(transition) {
        Ok(Applied::Changed(status)) => Some(Refund { status, error, ..refund }),
        Ok(Applied::Unchanged) | Err(_) => None,
    }
}

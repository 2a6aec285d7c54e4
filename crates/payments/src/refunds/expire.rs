//! Refunds whose outcome is still unknown when the gateway may have dropped their key: a person has to find out.

use super::outcome::unresolved;
use crate::error::PaymentsError;
use crate::store::{self, ExpiredBefore, Refund};
use domain::Timestamp;
use domain::applied::Applied;
use domain::payment::Operation;
use domain::refund::RefundTransition;
use messaging::{Outgoing, Trace, UnitOfWork};

/// Marks at most `limit` refunds, and reports them to their orders.
pub(crate) async fn expire_refunds(
    work: &mut UnitOfWork,
    expired: &ExpiredBefore<'_>,
    trace: &Trace,
    now: Timestamp,
    limit: u32,
) -> Result<(), PaymentsError> {
    let orders = store::orders_with_expired_refunds(work, expired, limit).await?;
    // Locked before the refunds are read, so that a report that is settled meanwhile is not overwritten.
    let payments = store::lock_payments(work, &orders).await?;
    let refunds = store::find_refunds(work, &orders).await?;
    let mut reviewed = Vec::new();
    for refund in refunds.into_values().flatten() {
        let key = Operation::Refund(refund.cause().to_string()).key(refund.order_id);
        let payment = payments.get(&refund.order_id);
        let operation = payment.and_then(|payment| Some((payment, payment.operations.get(&key)?)));
        let is_expired = operation.is_some_and(|(payment, operation)| {
            !operation.status.is_final() && operation.created_at <= expired.of(&payment.gateway)
        });
        if let (true, Ok(Applied::Changed(status))) = (is_expired, refund.status.apply(RefundTransition::Expire)) {
            reviewed.push(Refund { status, ..refund });
        }
    }
    store::save_refunds(work, &reviewed, now).await?;
    let replies = reviewed.iter().filter_map(|refund| {
        let id = format!("refund/{}/unresolved", refund.cause());
        Some(Outgoing::new(refund.order_id, &unresolved(refund)?, id, trace.clone(), now))
    });
    work.send(replies.collect::<Vec<_>>());
    Ok(())
}

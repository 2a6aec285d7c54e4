//! Asks again about what nobody knows the outcome of: an operation that was asked for and not heard of.
//!
//! The saga asks again by itself while it waits for an answer; this finds what no saga waits for any more, such as the
//! capture of an order that somebody marked as done. It sends the slice its own command: whoever handles it looks the
//! operation up at the gateway before asking again, under the same key.

use crate::error::PaymentsError;
use crate::store::{self, UnsettledOperation};
use domain::Timestamp;
use domain::messages::{AuthorizePayment, CapturePayment, PaymentCommand, RefundPayment, VoidPayment};
use domain::payment::OperationKind;
use messaging::{Outgoing, Trace, Waker, outbox};
use sqlx::PgPool;
use std::time::Duration;

/// What stands in for the request that caused it.
const CORRELATION: &str = "reconcile_payments";

/// Asks about at most `limit` operations of which nothing was heard for `patience`, and says how many.
pub async fn reconcile_payments(
    pool: &PgPool,
    waker: &Waker,
    patience: Duration,
    now: Timestamp,
    limit: u32,
) -> Result<usize, PaymentsError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let unsettled = store::take_unsettled(&mut tx, now - patience, now, limit).await?;
    let count = unsettled.len();
    let messages: Vec<_> = unsettled.into_iter().filter_map(|operation| question(operation, now)).collect();
    outbox::append(&mut tx, &messages).await?;
    tx.commit().await?;
    waker.wake();
    Ok(count)
}

/// Its id repeats until the operation is asked for again: asked twice, it is asked once.
fn question(operation: UnsettledOperation, now: Timestamp) -> Option<Outgoing> {
    let work = format!("reconcile/{}/{}/{}", operation.kind, operation.subject, operation.attempts);
    let UnsettledOperation { order_id, kind, subject, amount, method, .. } = operation;
    let command = match kind {
        OperationKind::Authorize => PaymentCommand::Authorize(AuthorizePayment { order_id, amount, method }),
        OperationKind::Void => PaymentCommand::Void(VoidPayment { order_id }),
        OperationKind::Capture => {
            let shipment_id = subject.parse().ok()?;
            PaymentCommand::Capture(CapturePayment { order_id, shipment_id, amount })
        }
        OperationKind::Refund => PaymentCommand::Refund(RefundPayment { order_id, cause: subject, amount }),
    };
    let trace = Trace { correlation_id: CORRELATION.to_owned(), causation_id: None, traceparent: None };
    Some(Outgoing::new(order_id, &command, work, trace, now))
}

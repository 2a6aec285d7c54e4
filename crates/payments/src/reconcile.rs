//! Retries captures, reauthorizations, voids and refunds whose outcome is unknown.
//!
//! A saga repeats its command while it waits for the reply. This task finds operations that no saga waits for any more,
//! such as the void of an order that an operator abandoned. It publishes the command to the slice's own queue. The
//! handler looks the operation up at the gateway before it repeats the call under the same key. Operations so old that
//! the gateway may have dropped their key are left to an operator; refunds among them are marked for review.
//!
//! It also completes refunds that are behind their operation, and publishes the outcomes of refunds again. Payments are
//! locked first, as by the queue's handler, and those that are locked are left to the next run, so that neither waits for
//! the other.

use crate::error::PaymentsError;
use crate::gateway::{KEY_RETENTION_DEFAULT, registered};
use crate::refunds::{complete_refunds, repeat_outcomes};
use crate::store::{self, ExpiredBefore, Unsettled, UnsettledOperation};
use domain::Timestamp;
use domain::messages::{CapturePayment, PaymentCommand, ReauthorizePayment, RefundPayment, VoidPayment};
use domain::payment::{CaptureAttempt, OperationKind};
use messaging::{NoChanges, Outgoing, Trace, UnitOfWork, WriteContext, outbox};
use std::time::Duration;

/// Correlation id of these commands, as no request caused them.
const CORRELATION: &str = "reconcile_payments";

/// Publishes commands for at most `limit` operations that were not updated for `min_age`. Returns their number.
pub async fn reconcile_payments(
    context: &WriteContext,
    min_age: Duration,
    now: Timestamp,
    limit: u32,
) -> Result<usize, PaymentsError> {
    let mut work = UnitOfWork::begin(context).await?;
    if outbox::is_stalled(&mut work).await? {
        return Ok(0);
    }
    let retentions = registered().iter().map(|info| (info.name, now - info.idempotency_key_retention));
    let kept_since: Vec<_> = retentions.collect();
    let kept_since_default = now - KEY_RETENTION_DEFAULT;
    let unsettled = Unsettled {
        updated_before: now - min_age,
        created_after: &kept_since,
        created_after_default: kept_since_default,
    };
    let unsettled = store::claim_unsettled(&mut work, unsettled, now, limit).await?;
    let count = unsettled.len();
    work.send(unsettled.into_iter().filter_map(|operation| command_for(operation, now)));
    let expired = ExpiredBefore { by_gateway: &kept_since, default: kept_since_default };
    complete_refunds(&mut work, &expired, &trace(), now, limit).await?;
    repeat_outcomes(&mut work, min_age, &trace(), now, limit).await?;
    work.commit(NoChanges, now).await?;
    Ok(count)
}

/// The command that retries the operation. Its message id is deterministic, so that a command that keeps failing
/// becomes one failed job, however often it is published.
fn command_for(operation: UnsettledOperation, now: Timestamp) -> Option<Outgoing> {
    let id = format!("reconcile/{}/{}", operation.kind, operation.subject);
    let UnsettledOperation { order_id, kind, subject, amount } = operation;
    let command = match kind {
        // The saga repeats the authorization as long as the order needs it. Repeated by anything else, it could reserve
        // money for an order that is closed.
        OperationKind::Authorize => return None,
        OperationKind::Void => PaymentCommand::Void(VoidPayment { order_id }),
        OperationKind::Capture => {
            let CaptureAttempt { shipment: shipment_id, attempt } = subject.parse().ok()?;
            PaymentCommand::Capture(CapturePayment { order_id, shipment_id, amount, attempt })
        }
        OperationKind::Refund => PaymentCommand::Refund(RefundPayment { order_id, cause: subject, amount }),
        OperationKind::Reauthorize => {
            let attempt = subject.parse().ok()?;
            PaymentCommand::Reauthorize(ReauthorizePayment { order_id, attempt })
        }
    };
    Some(Outgoing::new(order_id, &command, id, trace(), now))
}

fn trace() -> Trace {
    Trace { correlation_id: CORRELATION.to_owned(), causation_id: None, traceparent: None }
}

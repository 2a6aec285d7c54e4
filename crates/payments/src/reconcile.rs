//! Asks again about what nobody knows the outcome of: a capture, void or refund that was asked for and not heard of.
//!
//! The saga asks again by itself while it waits for an answer; this finds what no saga waits for any more, such as the
//! void of an order that somebody abandoned. What is so old that the gateway may have forgotten it, only a human settles. It sends the slice its own command: whoever handles it looks the
//! operation up at the gateway before asking again, under the same key.

use crate::begin::KEY_REMEMBERED;
use crate::error::PaymentsError;
use crate::store::{self, UnsettledOperation};
use domain::Timestamp;
use domain::messages::{CapturePayment, PaymentCommand, RefundPayment, VoidPayment};
use domain::payment::OperationKind;
use messaging::{Outgoing, Relay, Trace, outbox};
use sqlx::PgPool;
use std::time::Duration;

/// What stands in for the request that caused it.
const CORRELATION: &str = "reconcile_payments";

/// Asks about at most `limit` operations of which nothing was heard for `patience`, and says how many.
pub async fn reconcile_payments(
    pool: &PgPool,
    relay: &Relay,
    patience: Duration,
    now: Timestamp,
    limit: u32,
) -> Result<usize, PaymentsError> {
    let mut tx = platform::postgres::begin(pool).await?;
    if outbox::is_stalled(&mut tx).await? {
        return Ok(0);
    }
    let unsettled = store::take_unsettled(&mut tx, (now - KEY_REMEMBERED, now - patience), now, limit).await?;
    let count = unsettled.len();
    let messages: Vec<_> = unsettled.into_iter().filter_map(|operation| question(operation, now)).collect();
    let parcel = outbox::append(&mut tx, messages, relay).await?;
    tx.commit().await?;
    relay.carry(parcel);
    Ok(count)
}

/// Its id is always the same: what dies of it is one failed job, however often it is asked.
fn question(operation: UnsettledOperation, now: Timestamp) -> Option<Outgoing> {
    let work = format!("reconcile/{}/{}", operation.kind, operation.subject);
    let UnsettledOperation { order_id, kind, subject, amount } = operation;
    let command = match kind {
        // The order asks for it as long as it wants it; asked by anybody else, it may be set aside for nobody.
        OperationKind::Authorize => return None,
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

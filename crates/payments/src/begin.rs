//! The first transaction: what is about to be asked, stored before it is asked.

use crate::call::{Ask, Call, Work};
use crate::error::PaymentsError;
use crate::store::{self, NewPayment, StartedOperation, Stored};
use domain::Timestamp;
use domain::messages::PaymentCommand;
use domain::order::Applied;
use domain::payment::{Operation, Payment, Refusal};
use messaging::Delivery;
use sqlx::PgConnection;
use std::collections::HashMap;

/// How long a gateway is sure to remember an idempotency key; most promise a day. Asked again after that it might do
/// the work twice, so then only a human may.
pub(crate) const KEY_REMEMBERED: chrono::TimeDelta = chrono::TimeDelta::hours(23);

pub(crate) async fn begin(
    tx: &mut PgConnection,
    batch: &[Delivery<PaymentCommand>],
    now: Timestamp,
) -> Result<Vec<Call>, PaymentsError> {
    let first: Vec<_> = batch.iter().filter_map(|delivery| first_request(delivery, now)).collect();
    let opened = store::open_payments(tx, &first, now).await?;
    let first = first.into_iter().map(|NewPayment { payment, call }| (payment.order_id, call));
    let mut planned: HashMap<_, _> = first.filter(|(order_id, _)| opened.contains(order_id)).collect();
    // What the insert did not open was there before, or was opened by somebody whose commit the insert has waited for.
    let orders = batch.iter().map(|delivery| delivery.header.subject);
    let known: Vec<_> = orders.filter(|order_id| !opened.contains(order_id)).collect();
    let mut stored = store::lock_payments(tx, &known).await?;

    let (mut changed, mut operations) = (Vec::new(), Vec::new());
    let mut calls = Vec::with_capacity(batch.len());
    for delivery in batch {
        let order_id = delivery.header.subject;
        if let Some(call) = planned.remove(&order_id) {
            calls.push(call);
            continue;
        }
        let call = match stored.remove(&order_id) {
            None => Call::Refused(Refusal::NoPayment),
            Some(stored) => plan(&stored, delivery, now, &mut changed).unwrap_or_else(Call::Refused),
        };
        operations.extend(StartedOperation::of(&call));
        calls.push(call);
    }
    store::save(tx, &changed, &[], now).await?;
    store::start_operations(tx, &operations, now).await?;
    Ok(calls)
}

/// The payment to open for an order that may have none yet, and what is to be asked for it then.
fn first_request(delivery: &Delivery<PaymentCommand>, now: Timestamp) -> Option<NewPayment> {
    let Ok(Applied::Now(payment)) = Payment::request(None, &delivery.command) else { return None };
    let payment = Stored::new(delivery.header.subject, payment, &delivery.command);
    let mut changed = Vec::new();
    let call = plan(&payment, delivery, now, &mut changed).unwrap_or_else(Call::Refused);
    Some(NewPayment { payment, call })
}

/// Moves the payment to where the command wants it, and says what has to be asked for that.
fn plan(
    stored: &Stored,
    delivery: &Delivery<PaymentCommand>,
    now: Timestamp,
    changed: &mut Vec<Stored>,
) -> Result<Call, Refusal> {
    let (order_id, command) = (stored.order_id, &delivery.command);
    let payment = match Payment::request(Some(stored.payment.clone()), command)? {
        Applied::Already => stored.payment.clone(),
        Applied::Now(payment) => payment,
    };
    // A capture or refund that is only asked for is known by its operation.
    if payment.status() != stored.payment.status() {
        changed.push(Stored { payment: payment.clone(), ..stored.clone() });
    }
    if payment.answer_to(command)?.is_some() {
        return Ok(Call::Nothing);
    }
    // To let go twice is to let go once, so a void is simply repeated: that is its look-up.
    let operation = payment.operation_for(command);
    let (Some(work), false) = (Work::of(command), operation == Operation::Void) else {
        return Ok(Call::Void { order_id });
    };
    let before = stored.operations.get(&operation.key(order_id));
    let repeatable = before.is_none_or(|before| now < before.created_at + KEY_REMEMBERED);
    Ok(Call::Ask(Ask { order_id, work, look_up_first: before.is_some(), repeatable }))
}

impl Work {
    fn of(command: &PaymentCommand) -> Option<Self> {
        match command.clone() {
            PaymentCommand::Authorize(ask) => Some(Self::Authorize { amount: ask.amount, method: ask.method }),
            PaymentCommand::Capture(ask) => Some(Self::Capture { shipment: ask.shipment_id, amount: ask.amount }),
            PaymentCommand::Refund(ask) => Some(Self::Refund { cause: ask.cause, amount: ask.amount }),
            PaymentCommand::Void(_) => None,
        }
    }
}

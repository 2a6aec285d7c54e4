//! The first transaction: decides which gateway calls to make; they are stored before they are made.

use crate::call::{Call, KeyedOperation, OperationRequest};
use crate::changes::PaymentChanges;
use crate::error::PaymentsError;
use crate::gateway::Gateways;
use crate::store::{self, Cause, NewPayment, StartedOperation, StoredPayment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::messages::PaymentCommand;
use domain::money::Money;
use domain::payment::{CaptureAttempt, Operation, Payment, Refusal};
use messaging::{Begun, Delivery};
use sqlx::PgConnection;
use std::collections::HashMap;

pub(crate) async fn begin(
    tx: &mut PgConnection,
    gateways: &Gateways,
    batch: &[Delivery<PaymentCommand>],
    now: Timestamp,
) -> Result<Begun<Call, PaymentChanges>, PaymentsError> {
    let first: Vec<_> = batch.iter().filter_map(|delivery| first_request(gateways, delivery, now)).collect();
    let opened = store::open_payments(tx, &first, now).await?;
    let first = first.into_iter().map(|NewPayment { payment, call }| (payment.order_id, call));
    let mut planned: HashMap<_, _> = first.filter(|(order_id, _)| opened.contains(order_id)).collect();
    // Payments that were not inserted exist: from before, or from a concurrent transaction whose commit the insert
    // waited for.
    let orders = batch.iter().map(|delivery| delivery.header.subject);
    let known: Vec<_> = orders.filter(|order_id| !opened.contains(order_id)).collect();
    let mut stored = store::lock_payments(tx, &known).await?;

    let mut changes = PaymentChanges::default();
    let mut calls = Vec::with_capacity(batch.len());
    for delivery in batch {
        let order_id = delivery.header.subject;
        if let Some(call) = planned.remove(&order_id) {
            calls.push(call);
            continue;
        }
        // It becomes a refund in the second transaction.
        if matches!(delivery.command, PaymentCommand::RefundLines(_)) {
            calls.push(Call::NotNeeded);
            continue;
        }
        let call = match stored.remove(&order_id) {
            None => Call::Refused(Refusal::NoPayment),
            Some(stored) => plan(gateways, &stored, delivery, now, &mut changes).unwrap_or_else(Call::Refused),
        };
        changes.started.extend(StartedOperation::of(&call));
        calls.push(call);
    }
    Ok(Begun { calls, changes })
}

/// The payment to insert if the order has none yet, with its first gateway call.
fn first_request(gateways: &Gateways, delivery: &Delivery<PaymentCommand>, now: Timestamp) -> Option<NewPayment> {
    let Ok(Applied::Changed(payment)) = Payment::request(None, &delivery.command) else { return None };
    let payment = StoredPayment::new(delivery.header.subject, payment, gateways, &delivery.command);
    let mut changes = PaymentChanges::default();
    let call = plan(gateways, &payment, delivery, now, &mut changes).unwrap_or_else(Call::Refused);
    Some(NewPayment { payment, call })
}

/// Applies the command to the payment and returns the gateway call that it needs.
fn plan(
    gateways: &Gateways,
    stored: &StoredPayment,
    delivery: &Delivery<PaymentCommand>,
    now: Timestamp,
    changes: &mut PaymentChanges,
) -> Result<Call, Refusal> {
    let (order_id, gateway, command) = (stored.order_id, stored.gateway.clone(), &delivery.command);
    let payment = match Payment::request(Some(stored.payment.clone()), command)? {
        Applied::Unchanged => stored.payment.clone(),
        Applied::Changed(payment) => payment,
    };
    // A requested capture or refund does not change the status: its row in `operations` represents it.
    if payment.status() != stored.payment.status() {
        changes.payments.push(StoredPayment { payment: payment.clone(), ..stored.clone() });
    }
    if let PaymentCommand::WriteOff(_) = command {
        let operation = Operation::of(command);
        let key = operation.key(order_id);
        let cause =
            Cause { order_id, gateway: &gateway, operation, message_id: Some(delivery.header.id), executed_at: None };
        let entries = cause.entries(&stored.payment, &payment);
        changes.written_off.extend((!entries.is_empty()).then_some((order_id, key)));
        changes.entries.extend(entries);
    }
    if payment.reply_to(command)?.is_some() {
        return Ok(Call::NotNeeded);
    }
    // Voiding is idempotent at the gateway, so no look-up precedes a repeated void.
    let operation = payment.operation_for(command);
    let (Some(request), false) = (OperationRequest::of(command, &payment), operation == Operation::Void) else {
        return Ok(Call::Void { order_id, gateway });
    };
    let before = stored.operations.get(&operation.key(order_id));
    let repeatable = before.is_none_or(|before| now < before.created_at + gateways.key_retention(&gateway));
    Ok(Call::Perform(KeyedOperation { order_id, gateway, request, look_up_first: before.is_some(), repeatable }))
}

impl OperationRequest {
    fn of(command: &PaymentCommand, payment: &Payment) -> Option<Self> {
        match command.clone() {
            PaymentCommand::Authorize(command) => {
                Some(Self::Authorize { amount: command.amount, method: command.method })
            }
            PaymentCommand::Capture(command) => {
                Some(Self::Capture { capture: CaptureAttempt::of(&command), amount: command.amount })
            }
            PaymentCommand::Refund(command) => Some(Self::Refund { cause: command.cause, amount: command.amount }),
            PaymentCommand::Reauthorize(command) => {
                let (attempt, balance) = (command.attempt, payment.balance()?);
                let amount_minor = balance.reauthorizations.get(&attempt)?.amount_minor;
                Some(Self::Reauthorize { attempt, amount: Money { amount_minor, ..balance.amount } })
            }
            PaymentCommand::Void(_) | PaymentCommand::RefundLines(_) | PaymentCommand::WriteOff(_) => None,
        }
    }
}

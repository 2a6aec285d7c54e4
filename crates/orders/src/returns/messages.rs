//! The commands and the events of returns.

use crate::return_model::StoredReturn;
use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::messages::{
    InventoryCommand, PaymentCommand, ReceivedLine, RefundLines, RequestedLine, RestockReturn, ReturnEvent,
    ReturnReceived, ReturnRefunded, ReturnRequested,
};
use domain::refund::{RefundReason, Refundable};
use domain::returns::{Condition, Return, ReturnEntry, ReturnLine, ReturnState};
use messaging::{Outgoing, Trace};

/// The command that restocks the return, with the number of the commands that were sent last.
pub(super) fn restock(to: &Return, warehouse_id: WarehouseId, trace: Trace, now: Timestamp) -> Outgoing {
    let command = RestockReturn { order_id: to.order_id, return_id: to.id, warehouse_id, lines: to.restocked_lines() };
    Outgoing::new(to.order_id, &InventoryCommand::Restock(command), discriminator(to), trace, now)
}

/// The command that refunds what was received of the return.
pub(super) fn refund(to: &Return, order: Refundable, trace: Trace, now: Timestamp) -> Outgoing {
    let command = RefundLines {
        order_id: to.order_id,
        refund_id: to.refund_id(),
        reason: RefundReason::Customer,
        units: to.refunded_units(),
        order,
    };
    Outgoing::new(to.order_id, &PaymentCommand::RefundLines(command), discriminator(to), trace, now)
}

fn discriminator(to: &Return) -> String {
    let generation = if let ReturnState::Received(settling) = &to.state { settling.generation } else { 0 };
    format!("{}/{generation}", to.id)
}

/// The event about a new return.
pub(super) fn requested(new: &StoredReturn, now: Timestamp) -> Outgoing {
    let (to, trace) = (&new.returned, new.trace.clone());
    let line =
        |line: &ReturnLine| RequestedLine { line_no: line.line_no, sku: line.sku.clone(), quantity: line.quantity };
    let event = ReturnEvent::Requested(ReturnRequested {
        order_id: to.order_id,
        return_id: to.id,
        customer_id: new.customer_id,
        vendor_id: to.vendor_id,
        reason: new.reason,
        lines: to.lines.iter().map(line).collect(),
    });
    Outgoing::new(to.order_id, &event, to.id, trace, now)
}

/// The event that is published for a timeline entry, if one is.
pub(super) fn event(to: &Return, entry: &ReturnEntry, trace: Trace, now: Timestamp) -> Option<Outgoing> {
    let (order_id, return_id) = (to.order_id, to.id);
    let event = match *entry {
        ReturnEntry::Received { warehouse_id } => {
            let lines = to.lines.iter().map(|line| received_line(to, line)).collect();
            ReturnEvent::Received(ReturnReceived { order_id, return_id, warehouse_id, lines })
        }
        ReturnEntry::Refunded { refund_id, amount } => {
            ReturnEvent::Refunded(ReturnRefunded { order_id, return_id, refund_id, amount })
        }
        _ => return None,
    };
    Some(Outgoing::new(order_id, &event, return_id, trace, now))
}

fn received_line(to: &Return, line: &ReturnLine) -> ReceivedLine {
    let units = |condition| {
        let counted = to.counts.iter().find(|count| (count.line_no, count.condition) == (line.line_no, condition));
        counted.map_or(0, |count| count.quantity.get())
    };
    ReceivedLine {
        line_no: line.line_no,
        sku: line.sku.clone(),
        resellable: units(Condition::Resellable),
        damaged: units(Condition::Damaged),
        missing: units(Condition::Missing),
    }
}

//! Turns a transition of the saga into rows and messages, in the same way for replies, deadlines, cancellations and
//! operator actions.

use crate::order_change::OrderChange;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::messages::{
    OrderBackordered, OrderChanged, OrderEvent, OrderLinesCancelled, OrderShipmentDelayed, OrderShipmentException,
};
use domain::order::{Order, TimelineEntry, TimelineEvent};
use domain::saga::{Command, NumberedCommand, SagaError, TimeScale, Transition};
use messaging::{Outgoing, Trace};

/// Why an order changes: a message, an actor, or a deadline.
pub(crate) struct ChangeCause {
    pub message_id: Option<MessageId>,
    pub actor: Option<String>,
    /// The trace of the messages that the change sends.
    pub trace: Trace,
}

/// Records the timeline entries of `transition` in `order` and builds its messages.
pub(crate) fn apply(
    order: Order,
    transition: Transition,
    cause: ChangeCause,
    time_scale: TimeScale,
    now: Timestamp,
) -> Result<(OrderChange, Vec<Outgoing>), SagaError> {
    let version_before = order.version;
    let (mut order, mut events) = (order, Vec::with_capacity(transition.entries.len()));
    let mut messages: Vec<_> =
        transition.commands.iter().map(|command| outgoing(order.id, command, &cause.trace, now)).collect();
    for entry in transition.entries {
        let (after, event) = order.record(entry)?;
        messages.extend(public_event(&after, &event, &cause.trace, now));
        events.push(event);
        order = after;
    }
    let saga = transition.saga;
    let deadline_at = saga.deadline(time_scale, now);
    let ChangeCause { message_id, actor, .. } = cause;
    Ok((OrderChange { order, version_before, saga, deadline_at, events, cause: message_id, actor }, messages))
}

/// The message of a command. A retried command has a new generation, and with it a new message id.
pub(crate) fn outgoing(order: OrderId, numbered: &NumberedCommand, trace: &Trace, now: Timestamp) -> Outgoing {
    let (generation, trace) = (numbered.generation, trace.clone());
    match &numbered.command {
        Command::Inventory(command) => Outgoing::new(order, command, generation, trace, now),
        Command::Payment(command) => Outgoing::new(order, command, generation, trace, now),
        Command::Shipment(command) => Outgoing::new(order, command, generation, trace, now),
    }
}

/// The id of the message that [`outgoing`] builds.
pub(crate) fn message_id(order: OrderId, numbered: &NumberedCommand) -> MessageId {
    Outgoing::id_of(order, numbered.command.type_name(), numbered.generation)
}

/// The event that is published for a timeline event: only a new status, a delay, an exception, cancelled lines or a
/// backorder are.
fn public_event(order: &Order, event: &TimelineEvent, trace: &Trace, now: Timestamp) -> Vec<Outgoing> {
    let order_id = order.id;
    let TimelineEvent { version, to, .. } = *event;
    let of_entry = match &event.entry {
        TimelineEntry::ShipmentDelayed { shipment_id, level, promised_by } => {
            let (shipment_id, level, promised_by) = (*shipment_id, *level, *promised_by);
            Some(OrderEvent::ShipmentDelayed(OrderShipmentDelayed {
                order_id,
                shipment_id,
                level,
                promised_by,
                version,
            }))
        }
        TimelineEntry::LinesCancelled { shipment_id, replaced_by, lines, amount, .. } => {
            let replaced_by = replaced_by.as_ref().map(|shipment| shipment.shipment_id);
            let (shipment_id, lines, amount) = (*shipment_id, lines.clone(), *amount);
            let cancelled = OrderLinesCancelled { order_id, shipment_id, replaced_by, lines, amount, version };
            Some(OrderEvent::LinesCancelled(cancelled))
        }
        TimelineEntry::ShipmentException { shipment_id, exception, occurred_at } => {
            let (shipment_id, exception, occurred_at) = (*shipment_id, *exception, *occurred_at);
            let failed = OrderShipmentException { order_id, shipment_id, exception, occurred_at, version };
            Some(OrderEvent::ShipmentException(failed))
        }
        TimelineEntry::Backordered { missing } => {
            Some(OrderEvent::Backordered(OrderBackordered { order_id, missing: missing.clone(), version }))
        }
        _ => None,
    };
    let from = event.from.filter(|from| *from != event.to);
    let changed = from
        .map(|from| OrderEvent::Changed(OrderChanged { order_id, from, to, reason: order.reason.clone(), version }));
    let events = of_entry.into_iter().chain(changed);
    events.map(|event| Outgoing::new(order_id, &event, version, trace.clone(), now)).collect()
}

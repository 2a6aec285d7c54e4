//! Turns what the domain decided into rows and messages: the same for an answer, a deadline, a customer, an operator.

use crate::store::lock_sagas::Moved;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::messages::{OrderChanged, OrderEvent, OrderShipmentDelayed};
use domain::order::{Entry, Event, Order};
use domain::saga::{Advance, Ask, Command, Pace, SagaError};
use messaging::{Outgoing, Trace};

/// Why an order moves.
pub(crate) struct Because {
    pub cause: Option<MessageId>,
    pub actor: Option<String>,
    /// For what is said because of it.
    pub trace: Trace,
}

/// Records the entries of `advance` in `order` and words its messages.
pub(crate) fn apply(
    standing: Order,
    advance: Advance,
    because: Because,
    pace: Pace,
    now: Timestamp,
) -> Result<(Moved, Vec<Outgoing>), SagaError> {
    let version_before = standing.version;
    let (mut order, mut events) = (standing, Vec::with_capacity(advance.entries.len()));
    let mut messages: Vec<_> =
        advance.commands.iter().map(|command| outgoing(order.id, command, &because.trace, now)).collect();
    for entry in advance.entries {
        let (after, event) = order.record(entry)?;
        messages.extend(announcement(&after, &event, &because.trace, now));
        events.push(event);
        order = after;
    }
    let deadline_at = advance.saga.deadline(pace, now);
    let Because { cause, actor, .. } = because;
    Ok((Moved { order, version_before, saga: advance.saga, deadline_at, events, cause, actor }, messages))
}

/// The message of a question. Asked again it has a new generation, and with it a new id.
pub(crate) fn outgoing(order: OrderId, command: &Command, trace: &Trace, now: Timestamp) -> Outgoing {
    let (generation, trace) = (command.generation, trace.clone());
    match &command.ask {
        Ask::Inventory(ask) => Outgoing::new(order, ask, generation, trace, now),
        Ask::Payment(ask) => Outgoing::new(order, ask, generation, trace, now),
        Ask::Shipment(ask) => Outgoing::new(order, ask, generation, trace, now),
    }
}

/// The id that [`outgoing`] gives it.
pub(crate) fn id_of(order: OrderId, command: &Command) -> MessageId {
    Outgoing::id_of(order, command.ask.type_name(), command.generation)
}

/// Listeners hear of a new status and of delays, not of every entry.
fn announcement(order: &Order, event: &Event, trace: &Trace, now: Timestamp) -> Option<Outgoing> {
    let order_id = order.id;
    let Event { version, to, .. } = *event;
    let fact = if let Entry::ShipmentDelayed { shipment_id, level, promised_by } = event.entry {
        OrderEvent::ShipmentDelayed(OrderShipmentDelayed { order_id, shipment_id, level, promised_by, version })
    } else {
        let from = event.from.filter(|from| *from != event.to)?;
        OrderEvent::Changed(OrderChanged { order_id, from, to, reason: order.reason.clone(), version })
    };
    Some(Outgoing::new(order_id, &fact, version, trace.clone(), now))
}

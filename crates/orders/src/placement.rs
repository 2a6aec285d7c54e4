//! All rows and messages of one new order, built before the transaction begins.

use crate::apply_transition::outgoing;
use crate::new_order::NewOrder;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{OrderCreated, OrderEvent};
use domain::order::{Order, ShipTo, TimelineEvent};
use domain::saga::{AllocatedLine, OrderSaga, PlanVersion, TimeScale, Transition};
use messaging::Outgoing;
use std::sync::Mutex;
use uuid::{ContextV7, Timestamp as UuidTime, Uuid};

/// An order is created once, so its event has one fixed number.
const CREATED_GENERATION: u8 = 1;

#[derive(Debug)]
pub(crate) struct Placement {
    pub new_order: NewOrder,
    pub order: Order,
    pub accepted: TimelineEvent,
    pub saga: OrderSaga,
    pub deadline_at: Timestamp,
    pub outgoing: Vec<Outgoing>,
}

impl Placement {
    pub fn of(new_order: NewOrder, time_scale: TimeScale, now: Timestamp) -> Self {
        let payment_method = new_order.payment_method.as_str().to_owned();
        let (mut order, accepted) = Order::accept(next_id(now), new_order.total, payment_method);
        let recipient = &new_order.details.recipient;
        order.customer_id = Some(new_order.customer_id);
        order.has_recipient = !recipient.is_unknown();
        order.allocation_policy = new_order.allocation_policy;
        order.destination = recipient.ship_to.as_ref().map(ShipTo::location);
        let lines = new_order.lines.iter().map(AllocatedLine::from).collect();
        let Transition { saga, commands, .. } = OrderSaga::start(PlanVersion::CURRENT, &order, lines);
        let trace = &new_order.trace;
        // First, so that subscribers get `order.created` before any other event of the order.
        let created =
            Outgoing::new(order.id, &created_event(&new_order, &order), CREATED_GENERATION, trace.clone(), now);
        let commands = commands.iter().map(|command| outgoing(order.id, command, trace, now));
        let messages = std::iter::once(created).chain(commands).collect();
        let deadline_at = saga.deadline(time_scale, now);
        Self { new_order, order, accepted, saga, deadline_at, outgoing: messages }
    }
}

fn created_event(new_order: &NewOrder, order: &Order) -> OrderEvent {
    OrderEvent::Created(OrderCreated { order_id: order.id, customer_id: new_order.customer_id, total: order.total })
}

/// Ids rise within a process, even within a millisecond and when the clock steps back, so that new rows go to the
/// right edge of every index and a later order is never listed before an earlier one.
fn next_id(now: Timestamp) -> OrderId {
    static LAST: Mutex<ContextV7> = Mutex::new(ContextV7::new());
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let time = UuidTime::from_unix(&LAST, seconds, now.timestamp_subsec_nanos());
    OrderId::from_uuid(Uuid::new_v7(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_even_when_the_clock_steps_back() {
        let noon: Timestamp = "2026-11-23T12:00:00Z".parse().expect("a time");
        let before: Timestamp = "2026-11-23T11:59:00Z".parse().expect("a time");

        let ids: Vec<_> = [noon, noon, before, noon, before].into_iter().map(next_id).collect();

        assert!(ids.is_sorted_by(|earlier, later| earlier < later), "{ids:?}");
    }
}

//! All that is to be stored for one new order, worked out before the transaction begins.

use super::NewOrder;
use crate::apply_transition::outgoing;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{OrderCreated, OrderEvent};
use domain::order::placing::PricedLine;
use domain::order::{Event, Order};
use domain::saga::{self, Advance, OrderSaga, Pace, PlanVersion};
use messaging::Outgoing;
use std::sync::Mutex;
use uuid::{ContextV7, Timestamp as UuidTime, Uuid};

/// An order is created once.
const CREATED_WORK: u8 = 1;

#[derive(Debug)]
pub(crate) struct Placement {
    pub new: NewOrder,
    pub order: Order,
    pub accepted: Event,
    pub saga: OrderSaga,
    pub deadline_at: Timestamp,
    pub outgoing: Vec<Outgoing>,
}

impl Placement {
    pub fn of(new: NewOrder, pace: Pace, now: Timestamp) -> Self {
        let (order, accepted) = Order::accept(next_id(now), new.total, new.payment_method.as_str().to_owned());
        let Advance { saga, commands, .. } =
            OrderSaga::start(PlanVersion::CURRENT, &order, new.lines.iter().map(line_of_saga).collect());
        // Listeners hear of the order before they hear what came of it.
        let mut messages = vec![Outgoing::new(order.id, &created(&new, &order), CREATED_WORK, new.trace.clone(), now)];
        messages.extend(commands.iter().map(|asked| outgoing(order.id, asked, &new.trace, now)));
        let deadline_at = saga.deadline(pace, now);
        Self { new, order, accepted, saga, deadline_at, outgoing: messages }
    }
}

fn created(new: &NewOrder, order: &Order) -> OrderEvent {
    OrderEvent::Created(OrderCreated { order_id: order.id, customer_id: new.customer_id, total: order.total })
}

fn line_of_saga(line: &PricedLine) -> saga::PricedLine {
    saga::PricedLine { sku: line.sku.clone(), quantity: line.quantity, unit_price_minor: line.unit_price.amount_minor }
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

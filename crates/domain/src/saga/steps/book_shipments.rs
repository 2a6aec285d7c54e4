//! Books one shipment per warehouse and vendor. It is the last step: when it is done, the order is confirmed.

use super::{CompensationOutcome, Step, StepOutcome};
use crate::ids::OrderId;
use crate::messages::{CancelShipments, Queue, Reply, ShipmentCommand};
use crate::order::{Order, TimelineEntry};
use crate::saga::allocation::{SagaAllocation, booking};
use crate::saga::command::Command;
use crate::saga::error::SagaError;
use crate::saga::retry_policy::Backoff;
use crate::step_name::StepName;
use std::time::Duration;

const SHIPMENT_REFUSED: &str = "shipment_refused";

pub const BOOK_SHIPMENTS: Step = Step {
    name: StepName::BookShipments,
    queue: Queue::Shipping,
    backoff: Backoff { initial: Duration::from_secs(30), factor: 2, max: Duration::from_mins(5) },
    attempts_max: 6,
    unavailable: "shipping_unavailable",
    waiting: None,
    command,
    compensation,
    on_reply,
    on_compensation_reply,
    compensated: || TimelineEntry::ShipmentsCancelled,
    can_be_too_late: true,
    is_effect: |reply| matches!(reply, Reply::ShipmentsBooked(_)),
};

fn command(order: &Order, allocation: &SagaAllocation) -> Command {
    Command::Shipment(ShipmentCommand::Book(booking(order, allocation.shipments())))
}

fn compensation(order_id: OrderId) -> Command {
    Command::Shipment(ShipmentCommand::Cancel(CancelShipments { order_id }))
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of every step")]
fn on_reply(reply: &Reply, _order: &Order, allocation: &SagaAllocation) -> Result<Option<StepOutcome>, SagaError> {
    Ok(match reply {
        Reply::ShipmentsBooked(reply) => {
            let entry = TimelineEntry::Confirmed { shipments: reply.shipments.clone() };
            Some(StepOutcome::Done { entry, allocation: Some(allocation.clone().booked()) })
        }
        Reply::ShipmentsRefused(reply) => {
            let entry = TimelineEntry::ShipmentsRefused { reason: reply.reason.clone() };
            Some(StepOutcome::Refused { entry, reason: format!("{SHIPMENT_REFUSED}:{}", reply.reason) })
        }
        _ => None,
    })
}

fn on_compensation_reply(reply: &Reply) -> Option<CompensationOutcome> {
    match reply {
        Reply::ShipmentsCancelled(_) => Some(CompensationOutcome::Done(TimelineEntry::ShipmentsCancelled)),
        Reply::ShipmentsTooLate(_) => Some(CompensationOutcome::TooLate),
        _ => None,
    }
}

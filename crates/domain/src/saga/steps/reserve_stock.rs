//! Reserves the order's lines. Inventory decides which warehouse supplies which line. An order waits for units that are
//! out of stock if their products allow it, for 30 days at most.

use super::{CompensationOutcome, Step, StepOutcome};
use crate::ids::OrderId;
use crate::messages::{InventoryCommand, Queue, ReleaseStock, Reply, ReserveStock};
use crate::order::{Order, TimelineEntry};
use crate::saga::allocation::SagaAllocation;
use crate::saga::command::Command;
use crate::saga::error::SagaError;
use crate::saga::retry_policy::{Backoff, WaitPolicy};
use crate::step_name::StepName;
use std::time::Duration;

const OUT_OF_STOCK: &str = "out_of_stock";

const WAIT: Duration = Duration::from_hours(1);
/// Waits for 30 days. Attempts are counted, not days: an outage, in which the command is not received, is no refusal.
const BACKORDER: WaitPolicy = WaitPolicy {
    backoff: Backoff { initial: WAIT, factor: 1, max: WAIT },
    attempts_max: 30 * 24,
    expired: "backorder_expired",
};

pub const RESERVE_STOCK: Step = Step {
    name: StepName::ReserveStock,
    queue: Queue::Inventory,
    backoff: Backoff { initial: Duration::from_mins(1), factor: 2, max: Duration::from_mins(5) },
    attempts_max: 6,
    unavailable: "stock_unavailable",
    waiting: Some(BACKORDER),
    command,
    compensation,
    on_reply,
    on_compensation_reply,
    compensated: || TimelineEntry::StockReleased,
    can_be_too_late: false,
    is_effect: |reply| {
        matches!(reply, Reply::StockReserved(_) | Reply::StockBackordered(_) | Reply::ReservationStale(_))
    },
};

fn command(order: &Order, allocation: &SagaAllocation) -> Command {
    Command::Inventory(InventoryCommand::Reserve(ReserveStock {
        order_id: order.id,
        lines: allocation.lines(),
        policy: order.allocation_policy,
        destination: order.destination.clone(),
    }))
}

fn compensation(order_id: OrderId) -> Command {
    Command::Inventory(InventoryCommand::Release(ReleaseStock { order_id }))
}

fn on_reply(reply: &Reply, order: &Order, allocation: &SagaAllocation) -> Result<Option<StepOutcome>, SagaError> {
    Ok(match reply {
        Reply::StockReserved(reply) => {
            let allocation = Some(allocation.clone().allocated(&reply.allocations, order.total)?);
            Some(StepOutcome::Done { entry: TimelineEntry::StockReserved, allocation })
        }
        Reply::StockBackordered(reply) => {
            Some(StepOutcome::Waits { entry: TimelineEntry::Backordered { missing: reply.missing.clone() } })
        }
        Reply::StockRejected(reply) => {
            let entry = TimelineEntry::StockRejected { shortages: reply.shortages.clone() };
            Some(StepOutcome::Refused { entry, reason: OUT_OF_STOCK.to_owned() })
        }
        _ => None,
    })
}

fn on_compensation_reply(reply: &Reply) -> Option<CompensationOutcome> {
    matches!(reply, Reply::StockReleased(_)).then_some(CompensationOutcome::Done(TimelineEntry::StockReleased))
}

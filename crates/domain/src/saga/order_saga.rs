//! Where an order stands in its plan, and how an answer or the lack of one moves it.

use super::allocation::{Goods, PricedLine};
use super::commands;
use super::error::SagaError;
use super::plan::{Persistence, Plan, PlanVersion, Step, StepName};
use super::time_scale::Pace;
use super::transition::{Advance, Command};
use crate::Timestamp;
use crate::messages::{BookedShipment, Queue, Reply};
use crate::money::Money;
use crate::order::{Applied, Cancellation, Entry, Order};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSaga {
    pub(super) plan: PlanVersion,
    /// How many questions it has asked.
    pub(super) generation: u32,
    /// How often the open question was asked, counted from one.
    pub(super) attempt: u32,
    /// How often the open command was sent again because nobody had received it: these count as no attempts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) unreceived: u32,
    pub(super) phase: Phase,
    pub(super) goods: Goods,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The step's command is out.
    Running(StepName),
    /// The step's undo is out; those before it follow, and then the end.
    Undoing {
        step: StepName,
        end: End,
    },
    /// The order is confirmed: the carrier is waited for, and paid from hand-over to hand-over.
    Delivering,
    Ended(End),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Delivered,
    Rejected { reason: String },
    Cancelled,
}

const OUT_OF_STOCK: &str = "out_of_stock";
const SHIPMENT_REFUSED: &str = "shipment_refused";

impl OrderSaga {
    /// The saga of a new order, and its first question.
    pub fn start(plan: PlanVersion, order: &Order, lines: Vec<PricedLine>) -> Advance {
        let first = plan.plan().first().name;
        let goods = Goods::Ordered(lines);
        Self { plan, generation: 0, attempt: 0, unreceived: 0, phase: Phase::Running(first), goods }.run(first, order)
    }

    /// An answer came. One that is not to the open question is of no concern any more.
    pub fn on_reply(self, order: &Order, reply: &Reply) -> Result<Applied<Advance>, SagaError> {
        use StepName::{AuthorizePayment, BookShipments, ReserveStock};
        let now = match (&self.phase, reply) {
            (Phase::Running(ReserveStock), Reply::StockReserved(answer)) => {
                let goods = self.goods.clone().allocated(&answer.allocations, order.total)?;
                Self { goods, ..self }.done(ReserveStock, Entry::StockReserved, order)
            }
            (Phase::Running(ReserveStock), Reply::StockRejected(answer)) => {
                let entry = Entry::StockRejected { shortages: answer.shortages.clone() };
                self.refused(ReserveStock, OUT_OF_STOCK.to_owned(), order).told_first(Some(entry))
            }
            (Phase::Running(AuthorizePayment), Reply::PaymentAuthorized(answer)) => {
                let amount = whole(answer.amount, order.total)?;
                self.done(AuthorizePayment, Entry::PaymentAuthorized { amount }, order)
            }
            (Phase::Running(AuthorizePayment), Reply::PaymentDeclined(answer)) => {
                let entry = Entry::PaymentDeclined { reason: answer.reason.clone() };
                self.refused(AuthorizePayment, answer.reason.clone(), order).told_first(Some(entry))
            }
            (Phase::Running(BookShipments), Reply::ShipmentsBooked(answer)) => {
                self.confirmed(answer.shipments.clone(), order)
            }
            (Phase::Running(BookShipments), Reply::ShipmentsRefused(answer)) => {
                let entry = Entry::ShipmentsRefused { reason: answer.reason.clone() };
                let reason = format!("{SHIPMENT_REFUSED}:{}", answer.reason);
                self.refused(BookShipments, reason, order).told_first(Some(entry))
            }
            (Phase::Undoing { step: BookShipments, .. }, Reply::ShipmentsTooLate(_)) => self.too_late(order),
            (Phase::Undoing { step: BookShipments, .. }, Reply::ShipmentsCancelled(_)) => {
                self.undone(Entry::ShipmentsCancelled, order)
            }
            (Phase::Undoing { step: AuthorizePayment, .. }, Reply::PaymentVoided(answer)) => {
                self.undone(Entry::PaymentVoided { refunded: answer.refunded }, order)
            }
            (Phase::Undoing { step: ReserveStock, .. }, Reply::StockReleased(_)) => {
                self.undone(Entry::StockReleased, order)
            }
            (Phase::Ended(End::Rejected { .. } | End::Cancelled), Reply::StockHeldLong(_)) => self.let_go(order),
            (_, Reply::ShipmentDelayed(report)) => return Ok(self.on_delayed(order, report)),
            (_, Reply::ShipmentProgressed(report)) => return Ok(self.on_progress(order, report)),
            (Phase::Delivering, Reply::PaymentCaptured(answer)) => return self.on_captured(order, answer),
            (Phase::Delivering, Reply::StockShipped(answer)) => return Ok(self.on_deducted(order, answer)),
            _ => return Ok(Applied::Already),
        };
        Ok(Applied::Now(now))
    }

    /// Nothing was heard for too long: asks again, or gives the step up. A command that nobody has received is sent again as
    /// it was, and counts as no attempt: an outage of consumers is not a refusal.
    pub fn on_deadline(self, order: &Order, was_received: bool) -> Applied<Advance> {
        if let Some(command) = self.open_command(order).filter(|_| !was_received) {
            return Applied::Now(self.repeat(command));
        }
        match self.phase.clone() {
            Phase::Running(name) => {
                let step = self.step_of_plan(name);
                let spent = self.attempt >= step.attempts_max;
                Applied::Now(if spent { self.give_up(step, order) } else { self.run(name, order) })
            }
            Phase::Undoing { step, .. } => Applied::Now(self.undo(step, order)),
            Phase::Delivering => Applied::Now(self.press_on(order)),
            Phase::Ended(_) => Applied::Already,
        }
    }

    /// The customer wants it undone, as far as it was done.
    pub fn on_cancel(self, order: &Order, cancellation: Cancellation) -> Result<Applied<Advance>, SagaError> {
        if order.status.begin_cancelling()? == Applied::Already {
            return Ok(Applied::Already);
        }
        let last = self.plan().last().name;
        let advance = match self.phase.clone() {
            Phase::Running(step) => self.undo_from(step, End::Cancelled, order),
            Phase::Delivering => self.undo_from(last, End::Cancelled, order),
            Phase::Undoing { step, .. } => {
                Advance::of(Self { phase: Phase::Undoing { step, end: End::Cancelled }, ..self })
            }
            Phase::Ended(_) => return Ok(Applied::Already),
        };
        let Cancellation { reason, note } = cancellation;
        Ok(Applied::Now(advance.told_first(Some(Entry::Cancelling { reason, note }))))
    }

    fn repeat(self, command: Command) -> Advance {
        let saga = Self { unreceived: self.unreceived.saturating_add(1), ..self };
        Advance { commands: vec![command], ..Advance::of(saga) }
    }

    /// Asks the step's question, for the first time or again.
    pub(super) fn run(self, step: StepName, order: &Order) -> Advance {
        let question = commands::step(step, order, &self.goods);
        Advance::of(Self { attempt: self.attempt + 1, phase: Phase::Running(step), ..self }).ask(question)
    }

    pub(super) fn done(self, step: StepName, entry: Entry, order: &Order) -> Advance {
        match self.plan().after(step) {
            Some(next) => Self { attempt: 0, ..self }.run(next.name, order).told_first(Some(entry)),
            None => self.deliver(order).told_first(Some(entry)),
        }
    }

    pub(super) fn confirmed(self, shipments: Vec<BookedShipment>, order: &Order) -> Advance {
        let goods = self.goods.booked();
        Self { goods, ..self }.done(StepName::BookShipments, Entry::Confirmed { shipments }, order)
    }

    /// A business no: the step has left nothing behind.
    fn refused(self, step: StepName, reason: String, order: &Order) -> Advance {
        let end = End::Rejected { reason };
        match self.plan().before(step) {
            Some(earlier) => self.undo_from(earlier.name, end, order),
            None => self.end(end),
        }
    }

    /// Nobody knows whether the step was done, so it is undone.
    fn give_up(self, step: &Step, order: &Order) -> Advance {
        let entry = Entry::StepGivenUp { step: step.name, attempts: self.attempt };
        let end = End::Rejected { reason: step.unavailable.to_owned() };
        self.undo_from(step.name, end, order).told_first(Some(entry))
    }

    pub(super) fn end(self, end: End) -> Advance {
        let entry = match &end {
            End::Delivered => None,
            End::Rejected { reason } => Some(Entry::Rejected { reason: reason.clone() }),
            End::Cancelled => Some(Entry::Cancelled),
        };
        let mut advance = Advance::of(Self { attempt: 0, phase: Phase::Ended(end), ..self });
        advance.entries.extend(entry);
        advance
    }
}

/// What operators and the store see of it.
impl OrderSaga {
    pub const fn plan(&self) -> &'static Plan {
        self.plan.plan()
    }

    pub const fn plan_version(&self) -> PlanVersion {
        self.plan
    }

    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The command that it waits for the answer to, as it was sent last. While it delivers there may be several, or none.
    pub fn open_command(&self, order: &Order) -> Option<Command> {
        let ask = match self.phase {
            Phase::Running(step) => commands::step(step, order, &self.goods),
            Phase::Undoing { step, .. } => commands::undo(step, order.id),
            Phase::Delivering | Phase::Ended(_) => return None,
        };
        Some(Command { generation: self.generation, ask })
    }

    /// The queues whose consumers can answer what it waits for.
    pub fn awaited_queues(&self) -> &'static [Queue] {
        match self.phase {
            Phase::Running(step) | Phase::Undoing { step, .. } => step.queues(),
            Phase::Delivering if self.owed().next().is_some() => &[Queue::Payments, Queue::Inventory],
            Phase::Delivering => &[Queue::Shipping],
            Phase::Ended(_) => &[],
        }
    }

    /// How many questions it has asked: whoever saw it with this number saw what it waits for.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    pub fn is_active(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_))
    }

    /// Its phase in a word: `running`, `undoing`, `delivering`, `stuck`, `ended`.
    pub fn phase_name(&self) -> &'static str {
        match self.phase {
            _ if self.is_stuck() => "stuck",
            Phase::Running(_) => "running",
            Phase::Undoing { .. } => "undoing",
            Phase::Delivering => "delivering",
            Phase::Ended(_) => "ended",
        }
    }

    /// The step that is run or undone; none once nothing is open.
    pub fn step_name(&self) -> Option<&'static str> {
        match self.phase {
            Phase::Running(step) | Phase::Undoing { step, .. } => Some(step.into()),
            Phase::Delivering => Some("deliver_shipments"),
            Phase::Ended(_) => None,
        }
    }

    /// True when its open question was asked so often that only an operator may know better.
    pub fn is_stuck(&self) -> bool {
        self.persistence().is_some_and(|persistence| self.attempt >= persistence.stuck_after)
    }

    /// When to look again if nothing is heard.
    pub fn deadline(&self, pace: Pace, now: Timestamp) -> Timestamp {
        now + pace.of(self.wait())
    }

    fn wait(&self) -> Duration {
        let sent = self.attempt.saturating_add(self.unreceived);
        match (self.persistence(), &self.phase) {
            (Some(persistence), _) => persistence.patience.wait(sent),
            (None, Phase::Running(step)) => self.step_of_plan(*step).patience.wait(sent),
            (None, Phase::Delivering) => self.plan().delivery.track.wait(sent),
            (None, Phase::Undoing { .. } | Phase::Ended(_)) => Duration::ZERO,
        }
    }

    /// How the open question is pressed, if it is one that must be answered some day.
    pub(super) fn persistence(&self) -> Option<&'static Persistence> {
        match self.phase {
            Phase::Undoing { .. } => Some(&self.plan().undo),
            Phase::Delivering if self.owed().next().is_some() => Some(&self.plan().delivery.settle),
            Phase::Delivering | Phase::Running(_) | Phase::Ended(_) => None,
        }
    }

    pub(super) fn step_of_plan(&self, name: StepName) -> &'static Step {
        self.plan().step(name).expect("a saga stands on steps of its own plan only")
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a saga is plain data")
    }

    /// Reads what [`Self::to_json`] wrote.
    pub fn from_json(json: &str) -> Result<Self, SagaError> {
        let saga: Self = serde_json::from_str(json).map_err(|error| SagaError::Unreadable(error.to_string()))?;
        match saga.phase {
            Phase::Running(step) | Phase::Undoing { step, .. } if saga.plan().step(step).is_none() => {
                Err(SagaError::Unreadable(format!("plan {} has no step {step}", saga.plan.number())))
            }
            _ => Ok(saga),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A step is done for the order's whole amount, or not at all.
pub(super) fn whole(amount: Money, total: Money) -> Result<Money, SagaError> {
    if amount != total {
        return Err(SagaError::Contradiction(format!("{amount} were set aside, the order costs {total}")));
    }
    Ok(amount)
}

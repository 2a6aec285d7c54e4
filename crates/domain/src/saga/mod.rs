//! The saga of an order: a sequence of commands with compensations, as a pure state machine.
//!
//! [`Plan`] is the table of steps; each file of `steps` holds one. [`OrderSaga`] holds the current phase. Four inputs
//! move it: a reply ([`OrderSaga::on_reply`]), an expired deadline ([`OrderSaga::on_deadline`]), a cancellation
//! ([`OrderSaga::on_cancel`], [`OrderSaga::on_cancel_lines`]) and an operator's action (`retry_step`, `mark_step_done`,
//! `capture_again`, `reauthorize`, `abandon`). [`OrderSaga::on_authorization_due`] renews an authorization. Each consumes
//! the saga and returns a [`Transition`].

mod allocation;
mod amend;
mod amended_shipment;
mod amendment;
mod attention;
mod authorization;
mod cancel_lines;
mod cancel_preview;
mod command;
mod compensation;
mod deliveries;
mod delivery;
mod delivery_commands;
mod error;
mod exceptions;
mod inputs;
mod operator_actions;
mod order_saga;
mod phase;
mod plan;
mod planned_shipment;
mod reauthorize;
mod refund_outcomes;
mod refunds;
mod retry_policy;
mod steps;
mod time_scale;
mod transition;
mod void_unused;
mod write_offs;

pub use crate::step_name::StepName;
pub use allocation::AllocatedLine;
pub use cancel_lines::{AmendedShipment, LineCancelRefusal, LineCancellation, OrderedLine};
pub use cancel_preview::{CancelRefusal, CancellationPreview};
pub use command::{Command, NumberedCommand};
pub use compensation::undo_of;
pub use deliveries::DeliveredShipment;
pub use error::SagaError;
pub use exceptions::ExceptionDecision;
pub use order_saga::OrderSaga;
pub use phase::{End, Phase, PhaseName};
pub use plan::{Delivery, Plan, PlanVersion};
pub use retry_policy::{Backoff, RetryPolicy, WaitPolicy};
pub use steps::Step;
pub use time_scale::TimeScale;
pub use transition::Transition;

//! The saga of an order: a sequence of commands with compensations, as a pure state machine.
//!
//! [`Plan`] is the table of steps. [`OrderSaga`] holds the current phase. Four inputs move it: a reply
//! ([`OrderSaga::on_reply`]), an expired deadline ([`OrderSaga::on_deadline`]), a cancellation
//! ([`OrderSaga::on_cancel`]) and an operator's action (`retry_step`, `mark_step_done`, `abandon`). Each consumes the
//! saga and returns a [`Transition`].

mod allocation;
mod commands;
mod compensation;
mod delivery;
mod error;
mod operator_actions;
mod order_saga;
mod plan;
mod time_scale;
mod transition;

pub use allocation::AllocatedLine;
pub use commands::undo_of;
pub use error::SagaError;
pub use order_saga::{End, OrderSaga, Phase};
pub use plan::{Backoff, Delivery, OnRefusal, Plan, PlanVersion, RetryPolicy, Step, StepName};
pub use time_scale::TimeScale;
pub use transition::{Command, NumberedCommand, Transition};

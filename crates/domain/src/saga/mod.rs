//! The saga: how an order is carried to its end, one question at a time, whatever is answered or not.
//!
//! [`Plan`] is the table of steps. [`OrderSaga`] stands somewhere in it, and is moved by what is heard
//! ([`OrderSaga::on_reply`]), by silence ([`OrderSaga::on_deadline`]), by a customer ([`OrderSaga::on_cancel`]) or by
//! an operator (`retry_step`, `mark_step_done`, `abandon`). Each consumes the saga and returns an [`Advance`].

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

pub use allocation::PricedLine;
pub use commands::undo_of;
pub use error::SagaError;
pub use order_saga::{End, OrderSaga, Phase};
pub use plan::{Delivery, OnRefusal, Patience, Persistence, Plan, PlanVersion, Step, StepName};
pub use time_scale::Pace;
pub use transition::{Advance, Ask, Command};

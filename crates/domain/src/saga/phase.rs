//! The phases of a saga.

use crate::step_name::StepName;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The step's command is sent.
    Running(StepName),
    /// The step's compensation is sent; those of earlier steps follow, then the end.
    Undoing {
        step: StepName,
        end: End,
    },
    /// The order is confirmed. Each shipment is captured when its carrier has it.
    Delivering,
    Ended(End),
}

crate::string_enum! {
    /// The phase as it is stored and reported.
    pub enum PhaseName {
        Running,
        Undoing,
        Delivering,
        /// Undoing or delivering, and the open command was sent so often without a reply that an operator has to act.
        Stuck,
        Ended,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Delivered,
    Rejected { reason: String },
    Cancelled,
}

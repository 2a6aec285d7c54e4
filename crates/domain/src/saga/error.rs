//! Why a saga can't apply an input. A business refusal is not among these: it is a reply, and moves the saga.

use super::phase::PhaseName;
use crate::ids::ShipmentId;
use crate::order::InvalidTransition;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SagaError {
    #[error(transparent)]
    InvalidTransition(#[from] InvalidTransition),
    /// A reply that does not fit its command: a defect of ours or of a provider, which needs a human.
    #[error("the reply contradicts the order: {0}")]
    Contradiction(String),
    /// An operator's action that is not possible in this phase.
    #[error("`{action}` is not possible while the saga is {phase}")]
    ActionRefused { action: &'static str, phase: PhaseName },
    /// The order can be cancelled once this is over.
    #[error("lines of this order are being cancelled; repeat the request when they are")]
    LinesBeingCancelled,
    #[error("shipment {shipment} has no exception that this decides; see its `events`")]
    NoException { shipment: ShipmentId },
    #[error("the stored saga can't be read: {0}")]
    Unreadable(String),
}

//! Why a saga refuses to move. None of these is a business no: those are answers, and move it.

use crate::order::InvalidTransition;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SagaError {
    #[error(transparent)]
    InvalidTransition(#[from] InvalidTransition),
    /// An answer that does not fit the question: a defect of ours or of a provider's, for humans to look at.
    #[error("the reply contradicts the order: {0}")]
    Contradiction(String),
    /// An operator's verb that makes no sense where the saga stands.
    #[error("`{verb}` is not possible while the saga is {phase}")]
    VerbRefused { verb: &'static str, phase: &'static str },
    #[error("the stored saga can't be read: {0}")]
    Unreadable(String),
}

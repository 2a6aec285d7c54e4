//! Maps the errors of operations to problems.

use super::{Kind, Problem};
use operations::StoreError;
use operations::failed_jobs::DecideError;
use operations::replays::{CancelReplayError, StartReplayError};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            StoreError::Inconsistent(error) => Self::internal(error),
        }
    }
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        let detail = error.to_string();
        match error {
            DecideError::NotFound => Self::not_found("failed job"),
            DecideError::Refused(..) | DecideError::TooOften | DecideError::Unreadable(_) => {
                Self::new(Kind::InvalidState, detail)
            }
            DecideError::Store(error) => error.into(),
        }
    }
}

impl From<CancelReplayError> for Problem {
    fn from(error: CancelReplayError) -> Self {
        let detail = error.to_string();
        match error {
            CancelReplayError::NotFound => Self::not_found("replay"),
            CancelReplayError::Done => Self::new(Kind::InvalidState, detail),
            CancelReplayError::Store(error) => error.into(),
        }
    }
}

impl From<StartReplayError> for Problem {
    fn from(error: StartReplayError) -> Self {
        match error {
            StartReplayError::AlreadyRunning => Self::new(Kind::InvalidState, error.to_string()),
            StartReplayError::Store(error) => error.into(),
        }
    }
}

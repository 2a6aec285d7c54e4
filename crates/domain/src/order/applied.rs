//! Repetition is an answer, not an error.

/// What came of asking for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied<T> {
    /// It is made: this is the new state.
    Now(T),
    /// It was made before, or is of no concern any more: nothing changes.
    Already,
}

impl<T> Applied<T> {
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Applied<U> {
        match self {
            Self::Now(state) => Applied::Now(change(state)),
            Self::Already => Applied::Already,
        }
    }

    /// The new state, or `old` when nothing changed.
    pub fn unwrap_or(self, old: T) -> T {
        match self {
            Self::Now(state) => state,
            Self::Already => old,
        }
    }
}

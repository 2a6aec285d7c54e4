//! The result of a transition that may be requested twice: a repeated request is not an error.

/// What a transition did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied<T> {
    /// The state changed; this is the new state.
    Changed(T),
    /// The transition was applied before, or is obsolete: nothing changes.
    Unchanged,
}

impl<T> Applied<T> {
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Applied<U> {
        match self {
            Self::Changed(state) => Applied::Changed(change(state)),
            Self::Unchanged => Applied::Unchanged,
        }
    }

    /// The new state, or `old` when nothing changed.
    pub fn unwrap_or(self, old: T) -> T {
        match self {
            Self::Changed(state) => state,
            Self::Unchanged => old,
        }
    }
}

//! Counts the open streams of each principal, so that one can't take the streams of all.

use super::Subject;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Cheap to clone; clones share the counts.
#[derive(Debug, Clone)]
pub struct OpenStreams {
    per_principal_max: u32,
    counts: Arc<Mutex<HashMap<Subject, u32>>>,
}

/// An open stream; dropping it closes it.
#[derive(Debug)]
pub struct OpenStream {
    of: Subject,
    streams: OpenStreams,
}

impl OpenStreams {
    pub fn new(per_principal_max: u32) -> Self {
        Self { per_principal_max, counts: Arc::default() }
    }

    /// `None` when `subject` has as many open as it may.
    pub fn open(&self, subject: Subject) -> Option<OpenStream> {
        let mut counts = self.counts();
        let count = counts.entry(subject).or_default();
        if *count >= self.per_principal_max {
            return None;
        }
        *count += 1;
        Some(OpenStream { of: subject, streams: self.clone() })
    }

    pub fn per_principal_max(&self) -> u32 {
        self.per_principal_max
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Subject, u32>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut counts = self.streams.counts();
        if let Some(count) = counts.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.of);
            }
        }
    }
}

//! The current window of a key in this process.

use super::block::Block;
use super::{Allowance, Exceeded, Quota};
use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct Window {
    ends_at: Instant,
    /// Taken for this process and not used yet.
    held: u32,
    /// Not taken by any process, when this process last asked.
    left: u32,
    /// Requests refused in this process.
    refusals: u32,
}

impl Window {
    pub fn ended(now: Instant) -> Self {
        Self { ends_at: now, held: 0, left: 0, refusals: 0 }
    }

    /// `None` when another block must be taken first.
    pub fn admit(&mut self, quota: Quota, now: Instant) -> Option<Result<Allowance, Exceeded>> {
        if now >= self.ends_at || (self.held == 0 && self.left > 0) {
            return None;
        }
        if self.held == 0 {
            return Some(Err(self.refuse(quota, now)));
        }
        self.held -= 1;
        Some(Ok(self.allowance(quota, now)))
    }

    /// Adds a block to the window that it belongs to, and admits one request if anything is left.
    pub fn add(&mut self, block: Block, quota: Quota, now: Instant) -> Result<Allowance, Exceeded> {
        if now >= self.ends_at {
            (self.held, self.refusals) = (0, 0);
            self.ends_at = now + block.reset;
        }
        self.held += block.granted;
        self.left = block.left;
        if self.held == 0 {
            return Err(self.refuse(quota, now));
        }
        self.held -= 1;
        Ok(self.allowance(quota, now))
    }

    fn refuse(&mut self, quota: Quota, now: Instant) -> Exceeded {
        self.refusals = self.refusals.saturating_add(1);
        Exceeded { allowance: self.allowance(quota, now), refusals: self.refusals }
    }

    fn allowance(&self, quota: Quota, now: Instant) -> Allowance {
        let remaining = (self.held + self.left).min(quota.count.get());
        Allowance { quota, remaining, reset: self.ends_at.saturating_duration_since(now) }
    }
}

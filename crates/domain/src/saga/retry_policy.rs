//! How long to wait for a reply, and what follows when there is none.

use std::fmt;
use std::time::Duration;

/// How long to wait for a reply: exponential backoff with an upper limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub initial: Duration,
    pub factor: u32,
    pub max: Duration,
}

/// How a command is retried that is never given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    pub backoff: Backoff,
    /// After so many attempts without a reply the order needs attention.
    pub attention_after: u32,
    /// After so many attempts without a reply the saga is shown as stuck. The command is still retried.
    pub stuck_after: u32,
}

/// How a step waits whose reply says that its effect comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitPolicy {
    /// The command is sent again in case the last reply is lost.
    pub backoff: Backoff,
    /// After so many attempts the step is given up.
    pub attempts_max: u32,
    /// The reason of the rejection then.
    pub expired: &'static str,
}

impl Backoff {
    /// How long to wait after the `attempt`th attempt, counted from one.
    pub fn wait(&self, attempt: u32) -> Duration {
        let factor = self.factor.saturating_pow(attempt.saturating_sub(1));
        self.initial.saturating_mul(factor).min(self.max)
    }
}

impl fmt::Display for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.factor {
            1 => write!(f, "{} s", self.initial.as_secs()),
            factor => write!(f, "{} s, times {factor}, up to {} s", self.initial.as_secs(), self.max.as_secs()),
        }
    }
}

impl fmt::Display for WaitPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backoff, attempts_max, expired } = self;
        write!(f, "{backoff}, {attempts_max} attempts, then {expired}")
    }
}

impl fmt::Display for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backoff, attention_after, stuck_after } = self;
        write!(f, "{backoff}, without limit | attention after {attention_after}, stuck after {stuck_after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_grows_up_to_its_limit_and_never_overflows() {
        let backoff = Backoff { initial: Duration::from_secs(10), factor: 2, max: Duration::from_mins(10) };

        let waits: Vec<u64> = [1, 2, 3, 7, 8, 1_000, u32::MAX].map(|n| backoff.wait(n).as_secs()).into();

        assert_eq!(waits, [10, 20, 40, 600, 600, 600, 600]);
    }
}

//! Calls to somebody else's system: how many, how they ended, how long they took.

use super::{HistogramVec, IntCounterVec, WORK_SECONDS, counters, histograms};
use std::sync::LazyLock;
use std::time::Instant;

static CALLS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Calls to providers, by how they ended.";
    counters("orderflow_provider_calls_total", help, &["provider", "operation", "outcome"])
});

static SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    let help = "How long providers took to answer, or until nobody waited any more.";
    histograms("orderflow_provider_call_duration_seconds", help, &["provider", "operation"], WORK_SECONDS)
});

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    /// No, and that is final.
    Declined,
    /// It may be done, or not.
    Unknown,
    /// No answer within the limit.
    TimedOut,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Answered, Self::Declined, Self::Unknown, Self::TimedOut];

    const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Declined => "declined",
            Self::Unknown => "unknown",
            Self::TimedOut => "timed_out",
        }
    }
}

/// The calls to one provider.
#[derive(Debug)]
pub struct ProviderCalls {
    provider: String,
}

impl ProviderCalls {
    /// Shows `operations` from now on, each with a zero.
    pub fn to(provider: &str, operations: &[&'static str]) -> Self {
        for operation in operations {
            SECONDS.with_label_values(&[provider, *operation]);
            for outcome in Outcome::ALL {
                CALLS.with_label_values(&[provider, *operation, outcome.name()]);
            }
        }
        Self { provider: provider.to_owned() }
    }

    /// Awaits `call`; `outcome` says how its answer counts.
    pub async fn count<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = T>,
        outcome: impl FnOnce(&T) -> Outcome,
    ) -> T {
        let began = Instant::now();
        let answer = call.await;
        let provider = self.provider.as_str();
        SECONDS.with_label_values(&[provider, operation]).observe(began.elapsed().as_secs_f64());
        CALLS.with_label_values(&[provider, operation, outcome(&answer).name()]).inc();
        answer
    }
}

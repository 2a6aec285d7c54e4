//! Metrics of calls to external providers: how many, with what outcome, and how long they took.

use super::{HistogramVec, IntCounterVec, WORK_SECONDS, counters, histograms};
use std::sync::LazyLock;
use std::time::Instant;

static CALLS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Calls to providers, by outcome.";
    counters("orderflow_provider_calls_total", help, &["provider", "operation", "outcome"])
});

static SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    let help = "How long calls to providers took, timeouts included.";
    histograms("orderflow_provider_call_duration_seconds", help, &["provider", "operation"], WORK_SECONDS)
});

/// The outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    /// Refused; the refusal is final.
    Declined,
    /// The provider may or may not have done it.
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

/// Counts the calls to one provider.
#[derive(Debug)]
pub struct ProviderCalls {
    provider: String,
}

impl ProviderCalls {
    /// Initializes the metrics of all `operations` to zero.
    pub fn to(provider: &str, operations: &[&'static str]) -> Self {
        for operation in operations {
            SECONDS.with_label_values(&[provider, *operation]);
            for outcome in Outcome::ALL {
                CALLS.with_label_values(&[provider, *operation, outcome.name()]);
            }
        }
        Self { provider: provider.to_owned() }
    }

    /// Awaits `call` and counts it; `outcome` classifies its answer.
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

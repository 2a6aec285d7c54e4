//! Rate limits per principal and per client address, by class of route. Each class has its own quotas.
//!
//! The address is counted before a request is authenticated, the principal after it. An address may stand for many
//! people, so its quotas are higher.

mod open_streams;
mod response_headers;
mod settings;

pub use open_streams::{OpenStream, OpenStreams};
pub use response_headers::add_headers;
pub use settings::RateLimitArgs;

use crate::problem::{Kind, Problem};
use accounts::ApiKeyId;
use domain::ids::UserId;
use platform::metrics::counters;
use platform::network::counted_as;
use platform::rate_limit::{Allowance, Exceeded, SmoothedLimiter};
use platform::redis::Redis;
use prometheus::IntCounterVec;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Refusals per window that are answered at once; the later ones are delayed.
const PROMPT_REFUSALS: u32 = 20;
const REFUSAL_DELAY: Duration = Duration::from_secs(1);

domain::string_enum! {
    /// A class of routes with quotas of its own.
    pub enum Class {
        /// Sign-up, login, and the other changes under `/auth`.
        Auth,
        Writes,
        Reads,
        /// Opening a stream.
        Streams,
    }
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    User(UserId),
    ApiKey(ApiKeyId),
    Address(IpAddr),
}

static REFUSED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Requests refused with 429 because a rate limit was reached, by class of route and by what was counted.";
    counters("orderflow_api_rate_limited_total", help, &["class", "counted"])
});

/// The limiters of a class; `None` where the class has no limit.
#[derive(Debug)]
struct ClassLimits {
    principal: Option<SmoothedLimiter<Subject>>,
    address: Option<SmoothedLimiter<Subject>>,
}

#[derive(Debug)]
pub struct RateLimits {
    auth: ClassLimits,
    writes: ClassLimits,
    reads: ClassLimits,
    streams: ClassLimits,
}

/// The class of a request's route, and what its limits decided.
#[derive(Debug, Clone)]
pub struct AppliedLimits {
    pub class: Class,
    outcome: Arc<Mutex<Outcome>>,
}

#[derive(Debug, Default)]
struct Outcome {
    /// The tightest allowance that the limits leave: it is reported in the response.
    tightest: Option<Allowance>,
    is_delayed: bool,
}

impl RateLimits {
    /// Counts in `redis`, for all processes together.
    pub fn new(settings: &RateLimitArgs, redis: &Redis) -> Self {
        let limits = |class: Class| {
            let (principal, address) = settings.quotas(class);
            let burst_percent = settings.rate_limit_burst_percent;
            let limiter = |quota| SmoothedLimiter::new(class.into(), quota, burst_percent, Some(redis.clone()));
            ClassLimits { principal: principal.map(limiter), address: address.map(limiter) }
        };
        Self {
            auth: limits(Class::Auth),
            writes: limits(Class::Writes),
            reads: limits(Class::Reads),
            streams: limits(Class::Streams),
        }
    }

    /// Counts a request of `subject`; 429 if the quota of the class is used up.
    pub async fn admit(&self, applied: &AppliedLimits, subject: Subject) -> Result<(), Problem> {
        let limits = match applied.class {
            Class::Auth => &self.auth,
            Class::Writes => &self.writes,
            Class::Reads => &self.reads,
            Class::Streams => &self.streams,
        };
        let limiter = if subject.is_address() { &limits.address } else { &limits.principal };
        let Some(limiter) = limiter else { return Ok(()) };
        match limiter.admit(&subject).await {
            Ok(allowance) => {
                applied.add(allowance);
                Ok(())
            }
            Err(Exceeded { allowance, refusals }) => {
                applied.add(allowance);
                applied.refused(refusals);
                REFUSED.with_label_values(&[applied.class.into(), subject.kind()]).inc();
                Err(refusal(applied.class, subject, allowance))
            }
        }
    }
}

/// Registers the metrics, so that they are exported before the first refusal.
pub fn register() {
    for class in [Class::Auth, Class::Writes, Class::Reads, Class::Streams] {
        for counted in ["principal", "address"] {
            REFUSED.with_label_values(&[class.into(), counted]);
        }
    }
}

fn refusal(class: Class, subject: Subject, allowance: Allowance) -> Problem {
    let whose = if subject.is_address() { "your address" } else { "your account or API key" };
    let requests = match class {
        Class::Auth => "sign-ups, logins and token requests",
        Class::Writes => "changes",
        Class::Reads => "reads",
        Class::Streams => "new streams",
    };
    let (count, seconds) = (allowance.quota.count, allowance.quota.window.as_secs());
    let detail = format!(
        "The limit of {count} {requests} per {seconds} s for {whose} is reached; wait for the time in `Retry-After`"
    );
    Problem::new(Kind::TooManyRequests, detail).retry_after(Duration::from_secs(allowance.reset_seconds()))
}

impl AppliedLimits {
    pub fn of(class: Class) -> Self {
        Self { class, outcome: Arc::default() }
    }

    pub fn tightest(&self) -> Option<Allowance> {
        self.outcome().tightest
    }

    /// Waits before the response to a caller who goes on although they are refused: their requests cost the others less
    /// when each connection has one refusal per second.
    pub async fn delay_refusal(&self) {
        if self.outcome().is_delayed {
            tokio::time::sleep(REFUSAL_DELAY).await;
        }
    }

    fn add(&self, allowance: Allowance) {
        let mut outcome = self.outcome();
        if outcome.tightest.is_none_or(|other| share_left(allowance) < share_left(other)) {
            outcome.tightest = Some(allowance);
        }
    }

    fn refused(&self, refusals: u32) {
        self.outcome().is_delayed = refusals > PROMPT_REFUSALS;
    }

    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In parts per million of the quota.
fn share_left(allowance: Allowance) -> u64 {
    u64::from(allowance.remaining) * 1_000_000 / u64::from(allowance.quota.count.get())
}

impl Subject {
    pub fn of_address(address: IpAddr) -> Self {
        Self::Address(counted_as(address))
    }

    fn is_address(self) -> bool {
        matches!(self, Self::Address(_))
    }

    fn kind(self) -> &'static str {
        if self.is_address() { "address" } else { "principal" }
    }
}

/// As part of a key in Redis.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::ApiKey(id) => write!(f, "key:{id}"),
            Self::Address(address) => write!(f, "address:{address}"),
        }
    }
}

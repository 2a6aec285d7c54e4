//! Settings of the rate limits.

use super::Class;
use platform::rate_limit::Quota;

#[derive(Debug, Clone, Copy, clap::Args)]
pub struct RateLimitArgs {
    /// Requests per minute and account or API key that change something; 0 for no limit. A request that is refused by a
    /// limit gets 429 with `Retry-After`.
    #[arg(long, env, default_value_t = 1_200)]
    pub rate_limit_writes: u32,
    /// Requests per minute and account or API key that only read; 0 for no limit.
    #[arg(long, env, default_value_t = 3_000)]
    pub rate_limit_reads: u32,
    /// Streams that an account or API key may open per minute; 0 for no limit.
    #[arg(long, env, default_value_t = 60)]
    pub rate_limit_streams: u32,
    /// Changes of the own account (password, logout) per minute and account; 0 for no limit.
    #[arg(long, env, default_value_t = 30)]
    pub rate_limit_auth: u32,
    /// Requests per minute and client address (IPv6: per /64 network) that change something; 0 for no limit. Many people
    /// may share an address.
    #[arg(long, env, default_value_t = 6_000)]
    pub rate_limit_writes_per_address: u32,
    /// Requests per minute and client address that only read; 0 for no limit.
    #[arg(long, env, default_value_t = 12_000)]
    pub rate_limit_reads_per_address: u32,
    /// Streams that a client address may open per minute; 0 for no limit.
    #[arg(long, env, default_value_t = 240)]
    pub rate_limit_streams_per_address: u32,
    /// Sign-ups, logins and token requests per minute and client address; 0 for no limit.
    #[arg(long, env, default_value_t = 120)]
    pub rate_limit_auth_per_address: u32,
    /// How much of a quota may be used within five seconds, in percent, but at least ten requests; 100 for no such limit.
    /// Each process counts by itself.
    #[arg(long, env, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rate_limit_burst_percent: u32,
    /// Streams that an account or API key may have open at once in this process.
    #[arg(long, env, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub streams_per_principal: u32,
}

impl RateLimitArgs {
    /// The quotas of a principal and of an address.
    pub(super) fn quotas(&self, class: Class) -> (Option<Quota>, Option<Quota>) {
        let (principal, address) = match class {
            Class::Auth => (self.rate_limit_auth, self.rate_limit_auth_per_address),
            Class::Writes => (self.rate_limit_writes, self.rate_limit_writes_per_address),
            Class::Reads => (self.rate_limit_reads, self.rate_limit_reads_per_address),
            Class::Streams => (self.rate_limit_streams, self.rate_limit_streams_per_address),
        };
        (Quota::per_minute(principal), Quota::per_minute(address))
    }

    /// No rate is limited, and a principal may open every stream.
    pub const fn unlimited() -> Self {
        Self {
            rate_limit_writes: 0,
            rate_limit_reads: 0,
            rate_limit_streams: 0,
            rate_limit_auth: 0,
            rate_limit_writes_per_address: 0,
            rate_limit_reads_per_address: 0,
            rate_limit_streams_per_address: 0,
            rate_limit_auth_per_address: 0,
            rate_limit_burst_percent: 100,
            streams_per_principal: 65_536,
        }
    }
}

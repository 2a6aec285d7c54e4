//! Settings of the Redis connection.

use super::load::url_problem;
use super::passwords::known_password_in_url;
use secrecy::SecretString;

#[derive(Debug, Clone, clap::Args)]
pub struct RedisArgs {
    /// URL of Redis: `redis://host:port/database`. Holds caches and rate limits only; while it is unavailable, limits
    /// apply per process.
    #[arg(long, env, hide_env_values = true)]
    pub redis_url: SecretString,
}

impl RedisArgs {
    pub fn problems(&self) -> Vec<String> {
        url_problem("REDIS_URL", &self.redis_url, &["redis", "rediss"]).into_iter().collect()
    }

    /// A password that everybody knows is a problem in production.
    pub fn known_passwords(&self) -> Vec<String> {
        known_password_in_url("REDIS_URL", &self.redis_url)
    }
}

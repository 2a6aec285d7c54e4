//! Settings of the Redis connection.

use super::ca_file::ca_problem;
use super::load::url_problem;
use super::passwords::known_password_in_url;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;

#[derive(Debug, Clone, clap::Args)]
pub struct RedisArgs {
    /// URL of Redis: `redis://host:port/database`. Holds caches and rate limits only; while it is unavailable, limits
    /// apply per process.
    #[arg(long, env, hide_env_values = true)]
    pub redis_url: SecretString,
    /// PEM file with the certificates of the authorities that sign Redis's certificate, for `rediss://`; public ones need none.
    #[arg(long, env)]
    pub redis_ca_file: Option<PathBuf>,
}

impl RedisArgs {
    pub fn problems(&self) -> Vec<String> {
        let uses_tls = self.redis_url.expose_secret().starts_with("rediss://");
        let ca_file =
            ca_problem("REDIS_CA_FILE", self.redis_ca_file.as_deref(), uses_tls, "REDIS_URL must begin with rediss://");
        url_problem("REDIS_URL", &self.redis_url, &["redis", "rediss"]).into_iter().chain(ca_file).collect()
    }

    /// A password that everybody knows is a problem in production.
    pub fn known_passwords(&self) -> Vec<String> {
        known_password_in_url("REDIS_URL", &self.redis_url)
    }

    /// The certificates of the authorities, as PEM text.
    pub fn read_ca_file(&self) -> std::io::Result<Option<String>> {
        self.redis_ca_file.as_ref().map(std::fs::read_to_string).transpose()
    }
}

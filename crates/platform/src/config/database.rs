//! Settings of the Postgres connections.

use super::load::url_problem;
use super::passwords::known_password_in_url;
use secrecy::SecretString;

#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseArgs {
    /// URL of Postgres: `postgres://user:password@host:port/database`.
    #[arg(long, env, hide_env_values = true)]
    pub database_url: SecretString,
    /// Connections that this process may open, in all its pools; the sum over all processes must stay below the
    /// server's limit.
    #[arg(long, env, default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=500))]
    pub database_max_connections: u32,
}

impl DatabaseArgs {
    pub fn problems(&self) -> Vec<String> {
        url_problem("DATABASE_URL", &self.database_url, &["postgres", "postgresql"]).into_iter().collect()
    }

    /// A password that everybody knows is a problem in production.
    pub fn known_passwords(&self) -> Vec<String> {
        known_password_in_url("DATABASE_URL", &self.database_url)
    }
}

//! Settings of the Postgres connections.

use super::ca_file::ca_problem;
use super::load::url_problem;
use super::passwords::known_password_in_url;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseArgs {
    /// URL of Postgres: `postgres://user:password@host:port/database`.
    #[arg(long, env, hide_env_values = true)]
    pub database_url: SecretString,
    /// PEM file with the certificates of the authorities that sign the server's certificate. With it the server must
    /// present a certificate for the host name in the URL (`sslmode=verify-full`).
    #[arg(long, env)]
    pub database_ca_file: Option<PathBuf>,
    /// Connections that this process may open, in all its pools; the sum over all processes must stay below the
    /// server's limit.
    #[arg(long, env, default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=500))]
    pub database_max_connections: u32,
    /// Prepared statements that each connection keeps. 0 for a connection pooler in transaction mode that knows none,
    /// such as PgBouncer before 1.21: statements end with their transaction, and each gets one.
    #[arg(long, env, default_value_t = 100, value_parser = clap::value_parser!(u16).range(..=1000))]
    pub database_statement_cache: u16,
}

/// A read replica.
#[derive(Debug, Clone, clap::Args)]
pub struct ReplicaArgs {
    /// URL of a streaming replica, which lists are read from while it is recent enough.
    #[arg(long, env, hide_env_values = true)]
    pub database_read_url: Option<SecretString>,
    /// How old a list from the replica may be, in seconds. While the replica is further behind, or unavailable, lists
    /// are read from the primary.
    #[arg(long, env, default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..=3600))]
    pub database_read_staleness_seconds: u16,
}

impl ReplicaArgs {
    pub fn problems(&self) -> Vec<String> {
        let schemes = ["postgres", "postgresql"];
        let problem = self.database_read_url.as_ref().map(|url| url_problem("DATABASE_READ_URL", url, &schemes));
        problem.flatten().into_iter().collect()
    }

    pub fn known_passwords(&self) -> Vec<String> {
        let url = self.database_read_url.as_ref();
        url.map_or_else(Vec::new, |url| known_password_in_url("DATABASE_READ_URL", url))
    }

    pub fn staleness_max(&self) -> Duration {
        Duration::from_secs(self.database_read_staleness_seconds.into())
    }
}

/// For commands that need session locks.
#[derive(Debug, Clone, clap::Args)]
pub struct DirectDatabaseArgs {
    /// URL of Postgres without a connection pooler in between, with the role that owns the tables; by default
    /// `DATABASE_URL`. If the roles differ, that of `DATABASE_URL` is created, and may not change the schema.
    #[arg(long, env, hide_env_values = true)]
    pub database_direct_url: Option<SecretString>,
}

impl DirectDatabaseArgs {
    pub fn problems(&self) -> Vec<String> {
        let schemes = ["postgres", "postgresql"];
        let problem = self.database_direct_url.as_ref().map(|url| url_problem("DATABASE_DIRECT_URL", url, &schemes));
        problem.flatten().into_iter().collect()
    }

    pub fn known_passwords(&self) -> Vec<String> {
        let url = self.database_direct_url.as_ref();
        url.map_or_else(Vec::new, |url| known_password_in_url("DATABASE_DIRECT_URL", url))
    }
}

impl DatabaseArgs {
    pub fn problems(&self) -> Vec<String> {
        let uses_tls = !self.database_url.expose_secret().contains("sslmode=disable");
        let advice = "remove sslmode=disable from DATABASE_URL";
        let ca_file = ca_problem("DATABASE_CA_FILE", self.database_ca_file.as_deref(), uses_tls, advice);
        let url = url_problem("DATABASE_URL", &self.database_url, &["postgres", "postgresql"]);
        url.into_iter().chain(ca_file).collect()
    }

    /// A password that everybody knows is a problem in production.
    pub fn known_passwords(&self) -> Vec<String> {
        known_password_in_url("DATABASE_URL", &self.database_url)
    }
}

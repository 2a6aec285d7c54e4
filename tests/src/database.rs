//! One database per test, created by the migrations.

use crate::settings;
use platform::postgres::{process_role, session};
use sqlx::migrate::MigrateDatabase;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres};
use std::time::Duration;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");
const CONNECTIONS_MAX: u32 = 8;
/// What the processes under test log in as: they may not change the schema.
const PROCESSES_ROLE: &str = "orderflow_processes_of_tests";
const PROCESSES_PASSWORD: &str = "8d1f0c";

#[derive(Debug)]
pub struct Database {
    pub url: String,
    pub pool: PgPool,
}

impl Database {
    /// The URL of the database of the test `name`, which need not exist yet.
    pub fn url_of(name: &str) -> String {
        url_with_suffix(&settings::database_url(), name)
    }

    /// The URL that the processes of the test connect to, unless it chooses another.
    pub fn url_for_processes(name: &str) -> String {
        let url = Self::url_of(name);
        // PgBouncer knows one role only.
        if settings::is_all_through_pgbouncer() { settings::pgbouncer_url(&url) } else { with_processes_role(&url) }
    }

    /// Creates the test's database. Drops the one that a failed run left behind.
    pub async fn create(name: &str) -> Self {
        let url = Self::url_of(name);
        Postgres::force_drop_database(&url).await.expect("the database server responds");
        Postgres::create_database(&url).await.expect("the tests' user may create databases");
        let options: PgConnectOptions = url.parse().expect("the server's URL is valid");
        // The tests hold locks and transactions for longer than the processes may.
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(Duration::from_secs(10))
            .connect_lazy_with(session::without_limits(options.clone()));
        MIGRATOR.run(&pool).await.expect("the migrations apply");
        let mut connection = platform::postgres::writer(&pool).await.expect("a connection");
        let password = PROCESSES_PASSWORD.into();
        let set_up = process_role::set_up(&mut connection, PROCESSES_ROLE, Some(&password)).await;
        set_up.expect("the tests' user may create roles");
        for role in [options.get_username(), PROCESSES_ROLE] {
            session::set_defaults(&mut connection, role).await.expect("the defaults can be set");
        }
        connection.commit().await.expect("set");
        Self { url, pool }
    }

    pub async fn remove(&self) {
        self.pool.close().await;
        Postgres::force_drop_database(&self.url)
            .await
            .expect("all processes have stopped, so the database can be dropped");
    }
}

fn with_processes_role(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let address = rest.rsplit_once('@').map_or(rest, |(_login, address)| address);
    format!("{scheme}://{PROCESSES_ROLE}:{PROCESSES_PASSWORD}@{address}")
}

/// Appends `_NAME` to the name of the database in `url`.
fn url_with_suffix(url: &str, name: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, String::new()), |(base, query)| (base, format!("?{query}")));
    format!("{base}_{name}{query}")
}

#[cfg(test)]
mod tests {
    use super::url_with_suffix;

    #[test]
    fn a_tests_database_has_the_servers_database_name_as_a_prefix() {
        assert_eq!(url_with_suffix("postgres://u:p@h/shop?sslmode=off", "a"), "postgres://u:p@h/shop_a?sslmode=off");
        assert_eq!(url_with_suffix("postgres://u:p@h:1/shop", "a"), "postgres://u:p@h:1/shop_a");
    }
}

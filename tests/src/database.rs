//! One database a test, made from the migrations.

use crate::settings;
use sqlx::migrate::MigrateDatabase;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Postgres};
use std::time::Duration;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");
const CONNECTIONS_MAX: u32 = 8;

#[derive(Debug)]
pub struct Database {
    pub url: String,
    pub pool: PgPool,
}

impl Database {
    /// Where the database of the test `name` is, or will be.
    pub fn url_of(name: &str) -> String {
        beside(&settings::database_url(), name)
    }

    /// Makes `orderflow_test_NAME` anew; one that a failed run left behind goes first.
    pub async fn create(name: &str) -> Self {
        let url = Self::url_of(name);
        Postgres::force_drop_database(&url).await.expect("the database server answers");
        Postgres::create_database(&url).await.expect("the tests' user may create databases");
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(Duration::from_secs(10))
            .connect_lazy(&url)
            .expect("the server's URL is one");
        MIGRATOR.run(&pool).await.expect("the migrations apply");
        Self { url, pool }
    }

    pub async fn remove(&self) {
        self.pool.close().await;
        Postgres::force_drop_database(&self.url).await.expect("our processes are gone, so the database may go");
    }
}

/// The URL of the database `NAME` beside the one of `url`: its name is put behind that one's.
fn beside(url: &str, name: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, String::new()), |(base, query)| (base, format!("?{query}")));
    format!("{base}_{name}{query}")
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn a_tests_database_is_named_after_the_one_that_it_stands_beside() {
        assert_eq!(beside("postgres://u:p@h/shop?sslmode=off", "a"), "postgres://u:p@h/shop_a?sslmode=off");
        assert_eq!(beside("postgres://u:p@h:1/shop", "a"), "postgres://u:p@h:1/shop_a");
    }
}

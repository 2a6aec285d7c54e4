//! Assertions on the database, for tests that must not rely on the API.

use crate::eventually;
use crate::system::TestSystem;
use sqlx::{AssertSqlSafe, Executor};
use std::time::Duration;
use uuid::Uuid;

/// The number of orders per status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatusCounts {
    pub pending: usize,
    pub confirmed: usize,
    pub shipped: usize,
    pub delivered: usize,
    pub rejected: usize,
    pub cancelling: usize,
    pub cancelled: usize,
}

impl StatusCounts {
    /// The orders that are confirmed, shipped or delivered.
    pub fn confirmed_or_later(&self) -> usize {
        self.confirmed + self.shipped + self.delivered
    }

    pub fn total(&self) -> usize {
        self.pending + self.confirmed_or_later() + self.rejected + self.cancelling + self.cancelled
    }

    fn counter(&mut self, status: &str) -> &mut usize {
        match status {
            "pending" => &mut self.pending,
            "confirmed" => &mut self.confirmed,
            "shipped" => &mut self.shipped,
            "delivered" => &mut self.delivered,
            "rejected" => &mut self.rejected,
            "cancelling" => &mut self.cancelling,
            "cancelled" => &mut self.cancelled,
            other => panic!("no such status: {other}"),
        }
    }
}

impl TestSystem {
    /// The tables with a text that matches the regular expression, in either case, in any column of any row.
    pub async fn tables_with(&self, pattern: &str) -> Vec<String> {
        let all = "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
                    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
                    ORDER BY 1";
        let tables: Vec<String> = sqlx::query_scalar(all).fetch_all(self.pool()).await.expect("the tables");
        let mut found = Vec::new();
        for table in tables {
            let search = AssertSqlSafe(format!("SELECT EXISTS (SELECT FROM {table} AS row WHERE row::text ~* $1)"));
            if sqlx::query_scalar(search).bind(pattern).fetch_one(self.pool()).await.expect("a result") {
                found.push(table);
            }
        }
        found
    }

    pub async fn status_counts(&self) -> StatusCounts {
        let rows = "SELECT status, count(*) FROM orders.orders GROUP BY status";
        let rows: Vec<(String, i64)> = sqlx::query_as(rows).fetch_all(self.pool()).await.expect("a count");
        let mut counts = StatusCounts::default();
        for (status, count) in rows {
            *counts.counter(&status) = usize::try_from(count).expect("a count");
        }
        counts
    }

    /// Waits until at least `at_least` orders are accepted, in whatever status.
    pub async fn until_accepted(&self, at_least: usize, limit: Duration) {
        eventually(&format!("{at_least} orders to be accepted"), limit, || async {
            let counts = self.status_counts().await;
            if counts.total() >= at_least { Ok(()) } else { Err(format!("{counts:?}")) }
        })
        .await;
    }

    /// Waits until at least `at_least` orders are confirmed, shipped or delivered.
    pub async fn until_confirmed(&self, at_least: usize, limit: Duration) {
        eventually(&format!("{at_least} orders to be confirmed"), limit, || async {
            let counts = self.status_counts().await;
            if counts.confirmed_or_later() >= at_least { Ok(()) } else { Err(format!("{counts:?}")) }
        })
        .await;
    }

    /// Waits until at least `at_least` orders are confirmed while others are pending, so that a fault injected now hits
    /// running sagas. Between two batches of the intake there may be no pending order; a later poll sees them.
    pub async fn until_partly_confirmed(&self, at_least: usize, limit: Duration) {
        eventually(&format!("{at_least} orders to be confirmed while others are pending"), limit, || async {
            let counts = self.status_counts().await;
            if counts.confirmed_or_later() >= at_least && counts.pending > 0 {
                Ok(())
            } else {
                Err(format!("{counts:?}"))
            }
        })
        .await;
    }

    /// The ids in `accepted` for which there is no order.
    pub async fn missing_orders(&self, accepted: &[Uuid]) -> Vec<Uuid> {
        let missing = "SELECT id FROM UNNEST($1::uuid[]) AS id WHERE NOT EXISTS
                           (SELECT FROM orders.orders o WHERE o.id = id.id)";
        sqlx::query_scalar(missing).bind(accepted).fetch_all(self.pool()).await.expect("ids")
    }

    /// On-hand and reserved units over all warehouses.
    pub async fn stock_of(&self, sku: &str) -> (i64, i64) {
        let sums = "SELECT coalesce(sum(on_hand), 0), coalesce(sum(reserved), 0) FROM inventory.stock WHERE sku = $1";
        sqlx::query_as(sums).bind(sku).fetch_one(self.pool()).await.expect("a sum")
    }

    /// How often the simulated gateway authorized a payment, and how often it was called for that (including lookups).
    pub async fn charges_and_attempts(&self) -> (i64, i64) {
        let sums = "SELECT (SELECT coalesce(sum(charges), 0) FROM payments.simulated_gateway_authorizations),
                           (SELECT coalesce(sum(attempts), 0) FROM payments.operations WHERE kind = 'authorize')";
        sqlx::query_as(sums).fetch_one(self.pool()).await.expect("a sum")
    }

    /// Waits until a scheduler other than `other` holds the lease of `task`, and returns its pid.
    pub async fn leader_of(&self, task: &str, other: Option<u32>, limit: Duration) -> u32 {
        eventually(&format!("a leader of {task}"), limit, || async {
            let name = "SELECT leader_name FROM operations.tasks WHERE name = $1 AND leased_until >= now()";
            let name: Option<String> = sqlx::query_scalar(name)
                .bind(task)
                .fetch_optional(self.pool())
                .await
                .map_err(|error| error.to_string())?;
            let pid = name.as_deref().and_then(|name| name.rsplit(':').next()?.parse().ok());
            pid.filter(|pid| Some(*pid) != other).ok_or_else(|| format!("{name:?}"))
        })
        .await
    }

    /// The result of a query for one number.
    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(self.pool()).await.expect("a count")
    }

    /// Executes SQL that no process under test would execute.
    pub async fn execute_raw(&self, statement: &'static str) {
        self.pool().execute(AssertSqlSafe(statement)).await.expect("the statement is valid");
    }
}

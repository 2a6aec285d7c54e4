//! What the database says, for tests that must not take the API's word.

use crate::eventually;
use crate::system::TestSystem;
use sqlx::{AssertSqlSafe, Executor};
use std::time::Duration;
use uuid::Uuid;

/// How many orders stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ends {
    pub pending: usize,
    pub confirmed: usize,
    pub shipped: usize,
    pub delivered: usize,
    pub rejected: usize,
    pub cancelling: usize,
    pub cancelled: usize,
}

impl Ends {
    /// Confirmed, or further.
    pub fn going_on(&self) -> usize {
        self.confirmed + self.shipped + self.delivered
    }

    pub fn all(&self) -> usize {
        self.pending + self.going_on() + self.rejected + self.cancelling + self.cancelled
    }

    fn place(&mut self, status: &str) -> &mut usize {
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
    pub async fn ends(&self) -> Ends {
        let counts = "SELECT status, count(*) FROM orders.orders GROUP BY status";
        let counts: Vec<(String, i64)> = sqlx::query_as(counts).fetch_all(self.pool()).await.expect("a count");
        let mut ends = Ends::default();
        for (status, count) in counts {
            *ends.place(&status) = usize::try_from(count).expect("a count");
        }
        ends
    }

    /// Waits until so many orders are accepted, whatever came of them since.
    pub async fn until_accepted(&self, at_least: usize, limit: Duration) {
        eventually(&format!("{at_least} orders to be accepted"), limit, || async {
            let ends = self.ends().await;
            if ends.all() >= at_least { Ok(()) } else { Err(format!("{ends:?}")) }
        })
        .await;
    }

    /// Waits until so many orders are confirmed, or further.
    pub async fn until_going_on(&self, at_least: usize, limit: Duration) {
        eventually(&format!("{at_least} orders to be confirmed"), limit, || async {
            let ends = self.ends().await;
            if ends.going_on() >= at_least { Ok(()) } else { Err(format!("{ends:?}")) }
        })
        .await;
    }

    /// Waits for a moment at which so many orders are confirmed, or further, while others are under way: a fault that
    /// comes then proves something. Between two batches of the intake there may be none under way; the next look sees them.
    pub async fn until_in_the_middle(&self, at_least: usize, limit: Duration) {
        eventually(&format!("{at_least} orders to be confirmed while others are under way"), limit, || async {
            let ends = self.ends().await;
            if ends.going_on() >= at_least && ends.pending > 0 { Ok(()) } else { Err(format!("{ends:?}")) }
        })
        .await;
    }

    /// Those of `journal` that no order stands for.
    pub async fn missing_of(&self, journal: &[Uuid]) -> Vec<Uuid> {
        let missing = "SELECT id FROM UNNEST($1::uuid[]) AS id WHERE NOT EXISTS
                           (SELECT FROM orders.orders o WHERE o.id = id.id)";
        sqlx::query_scalar(missing).bind(journal).fetch_all(self.pool()).await.expect("a look")
    }

    /// (on hand, reserved), over all warehouses.
    pub async fn stock_of(&self, sku: &str) -> (i64, i64) {
        let sums = "SELECT coalesce(sum(on_hand), 0), coalesce(sum(reserved), 0) FROM inventory.stock WHERE sku = $1";
        sqlx::query_as(sums).bind(sku).fetch_one(self.pool()).await.expect("a sum")
    }

    /// How often the simulated gateway set money aside, and how often we asked it to, or looked up whether it had.
    pub async fn charges_and_attempts(&self) -> (i64, i64) {
        let sums = "SELECT (SELECT coalesce(sum(charges), 0) FROM payments.simulated_gateway_authorizations),
                           (SELECT coalesce(sum(attempts), 0) FROM payments.operations WHERE kind = 'authorize')";
        sqlx::query_as(sums).fetch_one(self.pool()).await.expect("a sum")
    }

    /// Waits until a scheduler leads `task` that is not `other`, and answers with its pid.
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

    /// What a query counts.
    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(self.pool()).await.expect("a count")
    }

    /// What no program of ours would do.
    pub async fn write_by_hand(&self, statement: &'static str) {
        self.pool().execute(AssertSqlSafe(statement)).await.expect("the hand can write");
    }
}

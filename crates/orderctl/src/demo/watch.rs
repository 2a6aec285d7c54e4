//! Follows an order: prints each timeline entry as it appears, until the order has an expected status.

use super::client::{Client, PlacedOrder, entries, text};
use anyhow::{Context, bail};
use serde_json::Value;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use uuid::Uuid;

const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Polls one order of the demo.
#[derive(Debug)]
pub struct Watch<'a> {
    pub client: &'a Client,
    pub scenario: &'static str,
    pub order: Uuid,
    pub order_number: String,
    /// The statuses of the order, in sequence.
    pub statuses: Vec<String>,
    /// Versions of the timeline entries that were printed.
    printed: HashSet<u64>,
    started_at: Instant,
}

impl<'a> Watch<'a> {
    pub fn new(client: &'a Client, scenario: &'static str, order: PlacedOrder) -> Self {
        let (order, order_number, started_at) = (order.id, order.number, Instant::now());
        Self { client, scenario, order, order_number, statuses: Vec::new(), printed: HashSet::new(), started_at }
    }

    /// Waits until the order has one of the `expected` statuses; another final status is an error at once.
    pub async fn until(&mut self, expected: &[&str], timeout: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + timeout;
        let mut ticks = tokio::time::interval(POLL_INTERVAL);
        loop {
            ticks.tick().await;
            let status = self.poll().await?;
            if expected.contains(&status.as_str()) {
                return Ok(());
            }
            let wanted = expected.join(" or ");
            if ["rejected", "cancelled", "delivered"].contains(&status.as_str()) {
                bail!("{}: order {} ended {status} instead of {wanted}", self.scenario, self.order);
            }
            if Instant::now() > deadline {
                bail!(
                    "{}: order {} was still {status} after {timeout:?} instead of {wanted}",
                    self.scenario,
                    self.order
                );
            }
        }
    }

    /// Prints new timeline entries and returns the order's status. The order is read before its timeline, so that the
    /// entry of the returned status is printed.
    async fn poll(&mut self) -> anyhow::Result<String> {
        let order = self.client.get(&format!("/orders/{}", self.order)).await?;
        let timeline = self.client.get(&format!("/orders/{}/events", self.order)).await?;
        for entry in entries(&timeline) {
            let version = entry["version"].as_u64().with_context(|| format!("no version in {entry}"))?;
            if self.printed.insert(version) {
                self.print(entry);
            }
        }
        text(&order, "status")
    }

    fn print(&mut self, entry: &Value) {
        let since = self.started_at.elapsed().as_secs_f64();
        let word = |member: &str| entry[member].as_str().unwrap_or("?").to_owned();
        let status = word("to_status");
        println!("  {:<14} {since:>5.1} s  {:<22} {status}", self.scenario, word("kind"));
        if self.statuses.last() != Some(&status) {
            self.statuses.push(status);
        }
    }
}

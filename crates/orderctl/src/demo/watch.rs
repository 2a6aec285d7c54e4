//! Follows an order: prints each timeline entry as it appears, until the order is where it should be.

use super::client::{Client, entries, text};
use anyhow::{Context, bail};
use serde_json::Value;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use uuid::Uuid;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// One order of the demo on its way.
#[derive(Debug)]
pub struct Watch<'a> {
    pub client: &'a Client,
    pub story: &'static str,
    pub order: Uuid,
    /// The statuses that it went through.
    pub way: Vec<String>,
    told: HashSet<u64>,
    begun: Instant,
}

impl<'a> Watch<'a> {
    pub fn new(client: &'a Client, story: &'static str, order: Uuid) -> Self {
        Self { client, story, order, way: Vec::new(), told: HashSet::new(), begun: Instant::now() }
    }

    /// Waits until the order has one of `goals`; an end that it can't leave any more is an error at once.
    pub async fn until(&mut self, goals: &[&str], limit: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            let status = self.look().await?;
            if goals.contains(&status.as_str()) {
                return Ok(());
            }
            let wanted = goals.join(" or ");
            if ["rejected", "cancelled", "delivered"].contains(&status.as_str()) {
                bail!("{}: order {} ended {status} instead of {wanted}", self.story, self.order);
            }
            if Instant::now() > deadline {
                bail!("{}: order {} was still {status} after {limit:?} instead of {wanted}", self.story, self.order);
            }
        }
    }

    /// The order's status. The order is read first, so that its last entry is among those that are told.
    async fn look(&mut self) -> anyhow::Result<String> {
        let order = self.client.get(&format!("/orders/{}", self.order)).await?;
        let timeline = self.client.get(&format!("/orders/{}/events", self.order)).await?;
        for entry in entries(&timeline) {
            let version = entry["version"].as_u64().with_context(|| format!("no version in {entry}"))?;
            if self.told.insert(version) {
                self.tell(entry);
            }
        }
        text(&order, "status")
    }

    fn tell(&mut self, entry: &Value) {
        let since = self.begun.elapsed().as_secs_f64();
        let word = |member: &str| entry[member].as_str().unwrap_or("?").to_owned();
        let status = word("to_status");
        println!("  {:<14} {since:>5.1} s  {:<22} {status}", self.story, word("kind"));
        if self.way.last() != Some(&status) {
            self.way.push(status);
        }
    }
}

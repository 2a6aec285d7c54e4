//! How many orders came in and what they came to, as api and worker count it themselves, after their commits. Cheap to
//! ask, so asking disturbs little.

use super::connection::Connection;
use super::progress::Progress;
use anyhow::{Context, bail, ensure};
use clap::Args;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// So long without an order that ends, and none will.
const STANDSTILL_LIMIT: Duration = Duration::from_mins(1);
/// What is written after the last order's end: its messages leave the outbox and are acked.
const SETTLING: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Args)]
pub struct FlowArgs {
    /// Where the api listens.
    #[arg(long, default_value = "127.0.0.1:8000")]
    pub api: SocketAddr,
    /// Where a worker shows its metrics; as often as there are workers. The first must have been started with the api,
    /// since both count from their start.
    #[arg(long = "worker", default_value = "127.0.0.1:9101")]
    workers: Vec<SocketAddr>,
}

#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub accepted: u64,
    pub confirmed: u64,
    pub rejected: u64,
}

impl Counts {
    pub fn under_way(self) -> u64 {
        self.accepted.saturating_sub(self.confirmed + self.rejected)
    }
}

impl FlowArgs {
    pub async fn look(&self) -> anyhow::Result<Counts> {
        let accepted = total(&metrics(self.api).await?, r#"orderflow_intake_orders_total{outcome="accepted"}"#, "");
        let mut counts = Counts { accepted, confirmed: 0, rejected: 0 };
        for worker in &self.workers {
            let ended = metrics(*worker).await?;
            let ended = |status: &str| total(&ended, "orderflow_orders_ended_total{", &format!(r#"status="{status}""#));
            counts.confirmed += ended("confirmed");
            counts.rejected += ended("rejected");
        }
        Ok(counts)
    }

    /// Waits until every order that was accepted has ended; answers when that was.
    pub async fn all_ended(&self, part: &str) -> anyhow::Result<Instant> {
        let before = self.look().await?;
        let mut progress = Progress::new(part);
        let (mut last, mut moved_at) = (before, Instant::now());
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        while last.under_way() > 0 {
            ticks.tick().await;
            let now = self.look().await?;
            if now.under_way() != last.under_way() {
                moved_at = Instant::now();
            }
            if moved_at.elapsed() > STANDSTILL_LIMIT {
                bail!("{} orders have not ended, and none did for {STANDSTILL_LIMIT:?}", now.under_way());
            }
            last = now;
            let to_do = before.under_way();
            progress.tell(to_do.saturating_sub(last.under_way()), to_do, &format!("{} under way", last.under_way()));
        }
        progress.end("every order has ended");
        ensure!(last.rejected == 0, "{} orders were rejected, though all could be had", last.rejected);
        let ended_at = moved_at;
        tokio::time::sleep(SETTLING).await;
        Ok(ended_at)
    }
}

/// On a connection of its own: what serves nothing but metrics closes it after each answer.
async fn metrics(of: SocketAddr) -> anyhow::Result<String> {
    let mut connection = Connection::open(of).await?;
    let answer = connection.exchange(b"GET /metrics HTTP/1.1\r\nhost: bench\r\n\r\n").await?;
    ensure!(answer.status == 200, "/metrics answers {}", answer.status);
    Ok(std::str::from_utf8(answer.body).context("metrics are text")?.to_owned())
}

/// Of all series that begin so and have that label.
fn total(metrics: &str, series: &str, label: &str) -> u64 {
    let of_it = metrics.lines().filter(|line| line.starts_with(series) && line.contains(label));
    of_it.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_of_every_reason_and_of_one_status() {
        let metrics = "# TYPE orderflow_orders_ended_total counter\n\
                       orderflow_orders_ended_total{reason=\"none\",status=\"confirmed\"} 7\n\
                       orderflow_orders_ended_total{reason=\"other\",status=\"rejected\"} 1\n\
                       orderflow_orders_ended_total{reason=\"out_of_stock\",status=\"rejected\"} 2\n";
        let ended = |status| total(metrics, "orderflow_orders_ended_total{", status);
        assert_eq!((ended(r#"status="confirmed""#), ended(r#"status="rejected""#)), (7, 3));
    }
}

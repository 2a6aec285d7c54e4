//! Counts accepted and ended orders by the metrics of api and worker, which are updated after each commit. Reading
//! metrics is cheap, so it hardly affects the measurement.

use super::connection::Connection;
use super::progress::Progress;
use anyhow::{Context, bail, ensure};
use clap::Args;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Without an ended order for this long, the benchmark fails.
const STALL_TIMEOUT: Duration = Duration::from_mins(1);
/// Time for the writes after the end of the last order: its messages are published and acknowledged.
const DRAIN_TIME: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Args)]
pub struct FlowArgs {
    /// Address of the api.
    #[arg(long, default_value = "127.0.0.1:8000")]
    pub api: SocketAddr,
    /// Metrics address of a worker; repeat it for each worker. The first worker must have been started together with
    /// the api, because both count from their start.
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
    pub fn in_progress(self) -> u64 {
        self.accepted.saturating_sub(self.confirmed + self.rejected)
    }
}

impl FlowArgs {
    pub async fn counts(&self) -> anyhow::Result<Counts> {
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

    /// Waits until every accepted order has ended and returns the time of the last end.
    pub async fn wait_until_ended(&self, part: &str) -> anyhow::Result<Instant> {
        let before = self.counts().await?;
        let mut progress = Progress::new(part);
        let (mut last, mut changed_at) = (before, Instant::now());
        let mut ticks = tokio::time::interval(POLL_INTERVAL);
        while last.in_progress() > 0 {
            ticks.tick().await;
            let now = self.counts().await?;
            if now.in_progress() != last.in_progress() {
                changed_at = Instant::now();
            }
            if changed_at.elapsed() > STALL_TIMEOUT {
                bail!("{} orders have not ended, and none ended in the last {STALL_TIMEOUT:?}", now.in_progress());
            }
            last = now;
            let total = before.in_progress();
            let message = format!("{} in progress", last.in_progress());
            progress.update(total.saturating_sub(last.in_progress()), total, &message);
        }
        progress.end("every order has ended");
        ensure!(last.rejected == 0, "{} orders were rejected although all products are in stock", last.rejected);
        let ended_at = changed_at;
        tokio::time::sleep(DRAIN_TIME).await;
        Ok(ended_at)
    }
}

/// Opens a new connection: the metrics server closes it after each response.
async fn metrics(address: SocketAddr) -> anyhow::Result<String> {
    let mut connection = Connection::open(address).await?;
    let response = connection.exchange(b"GET /metrics HTTP/1.1\r\nhost: bench\r\n\r\n").await?;
    ensure!(response.status == 200, "/metrics responded {}", response.status);
    Ok(std::str::from_utf8(response.body).context("metrics are text")?.to_owned())
}

/// The sum of all series that start with `series` and have `label`.
fn total(metrics: &str, series: &str, label: &str) -> u64 {
    let matching = metrics.lines().filter(|line| line.starts_with(series) && line.contains(label));
    matching.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_includes_all_reasons_of_one_status() {
        let metrics = "# TYPE orderflow_orders_ended_total counter\n\
                       orderflow_orders_ended_total{reason=\"none\",status=\"confirmed\"} 7\n\
                       orderflow_orders_ended_total{reason=\"other\",status=\"rejected\"} 1\n\
                       orderflow_orders_ended_total{reason=\"out_of_stock\",status=\"rejected\"} 2\n";
        let ended = |status| total(metrics, "orderflow_orders_ended_total{", status);
        assert_eq!((ended(r#"status="confirmed""#), ended(r#"status="rejected""#)), (7, 3));
    }
}

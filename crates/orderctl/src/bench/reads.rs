//! Benchmarks of reads: one order, the first page of the list, and the hundredth page.

use super::connection::Connection;
use super::latency::Latencies;
use super::progress::{Progress, UPDATE_INTERVAL};
use super::report::Report;
use super::requests::Caller;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const PAGES: usize = 100;

/// Runs each benchmark for `duration`; reports `read_order`, `read_first_page` and `read_page_100`.
pub async fn read(caller: &Caller, connections: usize, duration: Duration, report: &mut Report) -> anyhow::Result<()> {
    let ids = newest_orders(caller).await?;
    let orders: Vec<_> = ids.iter().map(|id| caller.get(&format!("/orders/{id}"))).collect();
    measure(caller, "read_order", orders, connections, duration, report).await?;
    measure(caller, "read_first_page", vec![caller.get("/orders")], connections, duration, report).await?;
    let last = last_page(caller).await?;
    measure(caller, "read_page_100", vec![last], connections, duration, report).await
}

async fn newest_orders(caller: &Caller) -> anyhow::Result<Vec<String>> {
    let page = page(&mut Connection::open(caller.api).await?, &caller.get("/orders?limit=100")).await?;
    let items = page["items"].as_array().context("the list has no `items`")?;
    ensure!(!items.is_empty(), "there are no orders to read");
    items.iter().map(|order| Ok(order["id"].as_str().context("an order has no `id`")?.to_owned())).collect()
}

/// The request for the hundredth page, found like a client does it: by following the cursors.
async fn last_page(caller: &Caller) -> anyhow::Result<Vec<u8>> {
    let mut connection = Connection::open(caller.api).await?;
    let mut request = caller.get("/orders");
    for _ in 1..PAGES {
        let page = page(&mut connection, &request).await?;
        let cursor = page["next_cursor"].as_str().context("there are too few orders for a hundred pages")?;
        request = caller.get(&format!("/orders?cursor={cursor}"));
    }
    Ok(request)
}

async fn page(connection: &mut Connection, request: &[u8]) -> anyhow::Result<Value> {
    let response = connection.exchange(request).await?;
    ensure!(response.status == 200, "GET /orders responded {}", response.status);
    Ok(serde_json::from_slice(response.body)?)
}

async fn measure(
    caller: &Caller,
    part: &str,
    requests: Vec<Vec<u8>>,
    connections: usize,
    duration: Duration,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (requests, started_at) = (Arc::new(requests), Instant::now());
    let mut readers = JoinSet::new();
    for first in 0..connections {
        readers.spawn(reader(caller.api, requests.clone(), first, started_at + duration));
    }
    let mut progress = Progress::new(part);
    let mut ticks = tokio::time::interval(UPDATE_INTERVAL);
    let mut latencies = Latencies::default();
    loop {
        tokio::select! {
            _ = ticks.tick() => progress.update(started_at.elapsed().as_secs(), duration.as_secs(), "reading"),
            reader = readers.join_next() => match reader {
                Some(read) => latencies.add(&read??),
                None => break,
            }
        }
    }
    let elapsed = started_at.elapsed();
    progress.end(&format!("{} responses in {:.1} s", latencies.count(), elapsed.as_secs_f64()));
    report.set(&format!("{part}.per_s"), super::count(latencies.count()) / elapsed.as_secs_f64());
    latencies.add_to(report, &format!("{part}."));
    Ok(())
}

async fn reader(
    api: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    first: usize,
    until: Instant,
) -> anyhow::Result<Latencies> {
    let mut connection = Connection::open(api).await?;
    let mut latencies = Latencies::default();
    for request in requests.iter().cycle().skip(first) {
        let sent_at = Instant::now();
        if sent_at >= until {
            break;
        }
        let response = connection.exchange(request).await?;
        ensure!(response.status == 200, "a read responded {}", response.status);
        latencies.record(sent_at.elapsed());
    }
    Ok(latencies)
}

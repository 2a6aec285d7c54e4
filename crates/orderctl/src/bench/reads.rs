//! The read paths: one order, the first page of the list, and the hundredth.

use super::connection::Connection;
use super::latency::Latencies;
use super::progress::{Progress, TELL_EVERY};
use super::report::Report;
use super::requests::Caller;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const PAGES: usize = 100;

/// Asks each for so long on so many connections; `read_order`, `read_first_page`, `read_page_100` are its figures.
pub async fn read(caller: &Caller, connections: usize, time: Duration, report: &mut Report) -> anyhow::Result<()> {
    let ids = newest(caller).await?;
    let orders: Vec<_> = ids.iter().map(|id| caller.get(&format!("/orders/{id}"))).collect();
    ask(caller, "read_order", orders, connections, time, report).await?;
    ask(caller, "read_first_page", vec![caller.get("/orders")], connections, time, report).await?;
    let last = last_page(caller).await?;
    ask(caller, "read_page_100", vec![last], connections, time, report).await
}

async fn newest(caller: &Caller) -> anyhow::Result<Vec<String>> {
    let page = page(&mut Connection::open(caller.api).await?, &caller.get("/orders?limit=100")).await?;
    let items = page["items"].as_array().context("a list without items")?;
    ensure!(!items.is_empty(), "there are no orders to read");
    items.iter().map(|order| Ok(order["id"].as_str().context("an order without id")?.to_owned())).collect()
}

/// The request of the hundredth page, found as a client finds it: by the cursor of each page before.
async fn last_page(caller: &Caller) -> anyhow::Result<Vec<u8>> {
    let mut connection = Connection::open(caller.api).await?;
    let mut request = caller.get("/orders");
    for _ in 1..PAGES {
        let page = page(&mut connection, &request).await?;
        let cursor = page["next_cursor"].as_str().context("there are not enough orders for a hundred pages")?;
        request = caller.get(&format!("/orders?cursor={cursor}"));
    }
    Ok(request)
}

async fn page(connection: &mut Connection, request: &[u8]) -> anyhow::Result<Value> {
    let answer = connection.exchange(request).await?;
    ensure!(answer.status == 200, "a list is answered {}", answer.status);
    Ok(serde_json::from_slice(answer.body)?)
}

async fn ask(
    caller: &Caller,
    part: &str,
    requests: Vec<Vec<u8>>,
    connections: usize,
    time: Duration,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (requests, begun) = (Arc::new(requests), Instant::now());
    let mut readers = JoinSet::new();
    for first in 0..connections {
        readers.spawn(reader(caller.api, requests.clone(), first, begun + time));
    }
    let mut progress = Progress::new(part);
    let mut ticks = tokio::time::interval(TELL_EVERY);
    let mut latencies = Latencies::default();
    loop {
        tokio::select! {
            _ = ticks.tick() => progress.tell(begun.elapsed().as_secs(), time.as_secs(), "reading"),
            reader = readers.join_next() => match reader {
                Some(read) => latencies.add(&read??),
                None => break,
            }
        }
    }
    let took = begun.elapsed();
    progress.end(&format!("{} answers in {:.1} s", latencies.count(), took.as_secs_f64()));
    report.note(&format!("{part}.per_s"), super::count(latencies.count()) / took.as_secs_f64());
    latencies.note(report, &format!("{part}."));
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
        let begun = Instant::now();
        if begun >= until {
            break;
        }
        let answer = connection.exchange(request).await?;
        ensure!(answer.status == 200, "a read is answered {}", answer.status);
        latencies.record(begun.elapsed());
    }
    Ok(latencies)
}

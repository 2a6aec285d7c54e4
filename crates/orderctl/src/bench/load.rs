//! The load generator. Without a rate, each connection sends its next order after the response to the last one (closed
//! loop). With a rate, orders are due at fixed times (open loop), and latency is measured from the due time, so that a
//! stalled api is charged for every order that became due during the stall.

use super::connection::Connection;
use super::latency::Latencies;
use super::progress::{Progress, UPDATE_INTERVAL};
use super::rate::{self, Schedule};
use super::requests::{Caller, text};
use anyhow::{bail, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Orders sent in this time warm up caches and connections and are not measured. Runs with a fixed number of orders
/// have no warm-up.
const WARM_UP: Duration = Duration::from_secs(1);
/// A followed order is polled at intervals of 1/16 of the time since it was due, and at least a millisecond. This
/// bounds the error of the measured latency. Polling every millisecond throughout would cost more than the orders
/// themselves.
const POLL_FRACTION: u32 = 16;
const POLL_INTERVAL_MIN: Duration = Duration::from_millis(1);
const FOLLOW_TIMEOUT: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy)]
pub enum Stop {
    After(Duration),
    Orders(u64),
}

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub connections: usize,
    pub stop: Stop,
    /// Orders per second; `None` for a closed loop.
    pub rate: Option<f64>,
    /// One in this many orders is followed until it is confirmed.
    pub follow_every: Option<u64>,
    /// Every order contains the same SKU.
    pub hot: bool,
}

#[derive(Debug)]
pub struct Sent {
    /// Number of measured orders; all were accepted.
    pub orders: u64,
    /// From the first measured order to the last response.
    pub elapsed: Duration,
    pub started_at: Instant,
    pub accept: Latencies,
    /// From the due time of an order until its client saw it confirmed.
    pub confirm: Latencies,
}

pub async fn send(part: &str, caller: Caller, plan: Plan) -> anyhow::Result<Sent> {
    ensure!(plan.connections > 0, "at least one connection is required");
    let started_at = Instant::now();
    let [next, accepted] = [const { AtomicU64::new(0) }; 2];
    let continues = move |number, due: Instant| !plan.is_over(number, due.duration_since(started_at));
    let schedule = plan.rate.map(|rate| Schedule::start(started_at, rate, continues));
    let fastest_us = AtomicU64::new(u64::MAX);
    let shared = Arc::new(Shared { caller, plan, started_at, schedule, next, accepted, fastest_us });
    let mut senders = JoinSet::new();
    for _ in 0..plan.connections {
        senders.spawn(Sender::run(shared.clone()));
    }
    let mut progress = Progress::new(part);
    let mut ticks = tokio::time::interval(UPDATE_INTERVAL);
    let (mut accept, mut confirm) = (Latencies::default(), Latencies::default());
    let mut ended_at = started_at;
    loop {
        tokio::select! {
            _ = ticks.tick() => shared.update(&mut progress),
            sender = senders.join_next() => {
                let Some(sender) = sender else { break };
                let sender = sender??;
                accept.add(&sender.accept);
                confirm.add(&sender.confirm);
                ended_at = ended_at.max(sender.ended_at);
            }
        }
    }
    let (orders, elapsed) = (accept.count(), ended_at.saturating_duration_since(started_at + plan.warm_up()));
    progress.end(&format!("{orders} orders accepted in {:.1} s", elapsed.as_secs_f64()));
    Ok(Sent { orders, elapsed, started_at, accept, confirm })
}

impl Plan {
    fn warm_up(&self) -> Duration {
        match self.stop {
            Stop::After(_) => WARM_UP,
            Stop::Orders(_) => Duration::ZERO,
        }
    }

    fn is_over(&self, number: u64, elapsed: Duration) -> bool {
        match self.stop {
            Stop::After(limit) => elapsed >= limit + WARM_UP,
            Stop::Orders(limit) => number >= limit,
        }
    }
}

struct Shared {
    caller: Caller,
    plan: Plan,
    started_at: Instant,
    schedule: Option<Schedule>,
    next: AtomicU64,
    accepted: AtomicU64,
    /// The shortest latency of a followed order.
    fastest_us: AtomicU64,
}

impl Shared {
    /// The number and due time of the next order; `None` when the plan is complete.
    async fn next(&self) -> Option<(u64, Instant)> {
        if let Some(schedule) = &self.schedule {
            return schedule.next().await;
        }
        let (number, now) = (self.next.fetch_add(1, Ordering::Relaxed), Instant::now());
        (!self.plan.is_over(number, now.duration_since(self.started_at))).then_some((number, now))
    }

    fn update(&self, progress: &mut Progress) {
        let accepted = self.accepted.load(Ordering::Relaxed);
        let (done, total) = match self.plan.stop {
            Stop::Orders(orders) => (accepted, orders),
            Stop::After(limit) => (self.started_at.elapsed().as_secs(), (limit + WARM_UP).as_secs()),
        };
        progress.update(done, total, &format!("{accepted} orders accepted"));
    }
}

/// One connection and its measurements.
struct Sender {
    shared: Arc<Shared>,
    connection: Connection,
    accept: Latencies,
    confirm: Latencies,
    ended_at: Instant,
}

impl Sender {
    async fn run(shared: Arc<Shared>) -> anyhow::Result<Self> {
        let connection = Connection::open(shared.caller.api).await?;
        let (accept, confirm) = (Latencies::default(), Latencies::default());
        let mut sender = Self { ended_at: shared.started_at, shared, connection, accept, confirm };
        while let Some((number, due)) = sender.shared.next().await {
            sender.send(number, due).await?;
        }
        Ok(sender)
    }

    async fn send(&mut self, number: u64, due: Instant) -> anyhow::Result<()> {
        let plan = self.shared.plan;
        let order = self.shared.caller.order(plan.hot);
        let response = self.connection.exchange(&order).await?;
        if response.status != 202 {
            bail!("POST /orders responded {}: {}", response.status, String::from_utf8_lossy(response.body));
        }
        let latency = due.elapsed();
        self.shared.accepted.fetch_add(1, Ordering::Relaxed);
        if due < self.shared.started_at + plan.warm_up() {
            return Ok(());
        }
        self.accept.record(latency);
        self.ended_at = Instant::now();
        if plan.follow_every.is_some_and(|every| number.is_multiple_of(every)) {
            let id = text(response.body, "order_id")?;
            self.follow(&id, due).await?;
        }
        Ok(())
    }

    /// Polls until the order is confirmed. The first poll is delayed to 3/4 of the shortest latency so far, because
    /// each poll costs CPU time on the machine under test.
    async fn follow(&mut self, id: &str, due: Instant) -> anyhow::Result<()> {
        let request = self.shared.caller.get(&format!("/orders/{id}"));
        let fastest = Some(self.shared.fastest_us.load(Ordering::Relaxed)).filter(|known| *known < u64::MAX);
        let fastest = Duration::from_micros(fastest.unwrap_or_default());
        rate::sleep_until(due + fastest * 3 / 4).await;
        loop {
            let response = self.connection.exchange(&request).await?;
            ensure!(response.status == 200, "GET /orders/{id} responded {}", response.status);
            match text(response.body, "status")?.as_str() {
                "confirmed" => break,
                "pending" if due.elapsed() < FOLLOW_TIMEOUT => {
                    let interval = (due.elapsed() / POLL_FRACTION).max(POLL_INTERVAL_MIN);
                    rate::sleep_until(Instant::now() + interval).await;
                }
                other => bail!("order {id} is {other} after {:?}", due.elapsed()),
            }
        }
        let latency = due.elapsed();
        self.shared.fastest_us.fetch_min(u64::try_from(latency.as_micros())?, Ordering::Relaxed);
        self.confirm.record(latency);
        Ok(())
    }
}

//! Sends orders. Without a rate each connection sends its next order when the last one is answered (a closed loop: what so
//! many callers get). With a rate an order is due at its time whatever became of the others (an open loop), and its
//! latency counts from then on: an api that stands still is charged for every order that came meanwhile.

use super::connection::Connection;
use super::latency::Latencies;
use super::progress::{Progress, TELL_EVERY};
use super::rate::{self, Pace};
use super::requests::{Caller, text};
use anyhow::{bail, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What is sent before that heats caches and connections, and is not measured; a fixed number of orders is measured whole.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long a follower waits between two looks, as a part of the time that its order has taken so far, and at least: what
/// it says is too long by that much at most. Asked every millisecond without end, the reads cost more than the orders.
const FOLLOW_PART: u32 = 16;
const FOLLOW_EVERY_MIN: Duration = Duration::from_millis(1);
const FOLLOW_LIMIT: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy)]
pub enum Stop {
    After(Duration),
    Orders(u64),
}

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub connections: usize,
    pub stop: Stop,
    /// Orders a second; none for as many as are taken.
    pub rate: Option<f64>,
    /// Every how many orders one is followed to its confirmation.
    pub follow_every: Option<u64>,
    /// One SKU is in every order.
    pub hot: bool,
}

#[derive(Debug)]
pub struct Sent {
    /// Those that were measured; all were accepted.
    pub orders: u64,
    /// From the first order that was measured to the last answer.
    pub took: Duration,
    pub begun: Instant,
    pub accept: Latencies,
    /// From when an order was due until its caller saw it confirmed.
    pub confirm: Latencies,
}

pub async fn send(part: &str, caller: Caller, plan: Plan) -> anyhow::Result<Sent> {
    ensure!(plan.connections > 0, "no connections, no orders");
    let begun = Instant::now();
    let [next, answered] = [const { AtomicU64::new(0) }; 2];
    let goes_on = move |number, due: Instant| !plan.is_over(number, due.duration_since(begun));
    let pace = plan.rate.map(|rate| Pace::start(begun, rate, goes_on));
    let soonest_us = AtomicU64::new(u64::MAX);
    let shared = Arc::new(Shared { caller, plan, begun, pace, next, answered, soonest_us });
    let mut senders = JoinSet::new();
    for _ in 0..plan.connections {
        senders.spawn(Sender::run(shared.clone()));
    }
    let mut progress = Progress::new(part);
    let mut ticks = tokio::time::interval(TELL_EVERY);
    let (mut accept, mut confirm) = (Latencies::default(), Latencies::default());
    let mut ended = begun;
    loop {
        tokio::select! {
            _ = ticks.tick() => shared.tell(&mut progress),
            sender = senders.join_next() => {
                let Some(sender) = sender else { break };
                let sender = sender??;
                accept.add(&sender.accept);
                confirm.add(&sender.confirm);
                ended = ended.max(sender.ended);
            }
        }
    }
    let (orders, took) = (accept.count(), ended.saturating_duration_since(begun + plan.warm_up()));
    progress.end(&format!("{orders} orders accepted in {:.1} s", took.as_secs_f64()));
    Ok(Sent { orders, took, begun, accept, confirm })
}

impl Plan {
    fn warm_up(&self) -> Duration {
        match self.stop {
            Stop::After(_) => WARM_UP,
            Stop::Orders(_) => Duration::ZERO,
        }
    }

    fn is_over(&self, number: u64, after: Duration) -> bool {
        match self.stop {
            Stop::After(limit) => after >= limit + WARM_UP,
            Stop::Orders(limit) => number >= limit,
        }
    }
}

struct Shared {
    caller: Caller,
    plan: Plan,
    begun: Instant,
    pace: Option<Pace>,
    next: AtomicU64,
    answered: AtomicU64,
    /// How long the quickest order that was followed took.
    soonest_us: AtomicU64,
}

impl Shared {
    /// The next order's number and when it is due; none when enough were sent.
    async fn next(&self) -> Option<(u64, Instant)> {
        if let Some(pace) = &self.pace {
            return pace.next().await;
        }
        let (number, now) = (self.next.fetch_add(1, Ordering::Relaxed), Instant::now());
        (!self.plan.is_over(number, now.duration_since(self.begun))).then_some((number, now))
    }

    fn tell(&self, progress: &mut Progress) {
        let answered = self.answered.load(Ordering::Relaxed);
        let (done, of) = match self.plan.stop {
            Stop::Orders(orders) => (answered, orders),
            Stop::After(limit) => (self.begun.elapsed().as_secs(), (limit + WARM_UP).as_secs()),
        };
        progress.tell(done, of, &format!("{answered} orders accepted"));
    }
}

/// One connection and what it measures.
struct Sender {
    shared: Arc<Shared>,
    connection: Connection,
    accept: Latencies,
    confirm: Latencies,
    ended: Instant,
}

impl Sender {
    async fn run(shared: Arc<Shared>) -> anyhow::Result<Self> {
        let connection = Connection::open(shared.caller.api).await?;
        let (accept, confirm) = (Latencies::default(), Latencies::default());
        let mut sender = Self { ended: shared.begun, shared, connection, accept, confirm };
        while let Some((number, due)) = sender.shared.next().await {
            sender.send(number, due).await?;
        }
        Ok(sender)
    }

    async fn send(&mut self, number: u64, due: Instant) -> anyhow::Result<()> {
        let plan = self.shared.plan;
        let order = self.shared.caller.order(plan.hot);
        let answer = self.connection.exchange(&order).await?;
        if answer.status != 202 {
            bail!("an order was answered {}: {}", answer.status, String::from_utf8_lossy(answer.body));
        }
        let took = due.elapsed();
        self.shared.answered.fetch_add(1, Ordering::Relaxed);
        if due < self.shared.begun + plan.warm_up() {
            return Ok(());
        }
        self.accept.record(took);
        self.ended = Instant::now();
        if plan.follow_every.is_some_and(|every| number.is_multiple_of(every)) {
            let id = text(answer.body, "order_id")?;
            self.follow(&id, due).await?;
        }
        Ok(())
    }

    /// Asks until the order is confirmed, as its caller would; not before most of the quickest one's time has passed, since
    /// each question costs the machine that is measured.
    async fn follow(&mut self, id: &str, due: Instant) -> anyhow::Result<()> {
        let question = self.shared.caller.get(&format!("/orders/{id}"));
        let soonest = Some(self.shared.soonest_us.load(Ordering::Relaxed)).filter(|known| *known < u64::MAX);
        let soonest = Duration::from_micros(soonest.unwrap_or_default());
        rate::rest_until(due + soonest * 3 / 4).await;
        loop {
            let answer = self.connection.exchange(&question).await?;
            ensure!(answer.status == 200, "order {id} is answered {}", answer.status);
            match text(answer.body, "status")?.as_str() {
                "confirmed" => break,
                "pending" if due.elapsed() < FOLLOW_LIMIT => {
                    let pause = (due.elapsed() / FOLLOW_PART).max(FOLLOW_EVERY_MIN);
                    rate::rest_until(Instant::now() + pause).await;
                }
                other => bail!("order {id} is {other} after {:?}", due.elapsed()),
            }
        }
        let took = due.elapsed();
        self.shared.soonest_us.fetch_min(u64::try_from(took.as_micros())?, Ordering::Relaxed);
        self.confirm.record(took);
        Ok(())
    }
}

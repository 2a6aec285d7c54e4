//! Carries the outbox to the broker: publish what was handed in, or else what nobody has the lease of, and delete what
//! the broker has confirmed.
//!
//! It runs in every process that writes outbox rows; any number may run at once, since a claimed row is locked and
//! skipped by the others. What a crash or a flood left behind is free when its lease has run out, for whoever looks next.
//! A message may thus go out twice, and its reader's inbox takes it once.

use super::leased_messages::{LEASE, Row};
use super::relay_handle::{Load, Relay};
use super::store;
use crate::broker::{Arrival, BrokerError, Links, Publication, Publisher};
use crate::envelope::Header;
use crate::metrics;
use crate::topology::{self, FIRST_STEP};
use futures::FutureExt;
use futures::future::join_all;
use lapin::types::FieldTable;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// How often a relay looks for what nobody handed in: a crash or a flood leaves such rows.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Messages that are published and confirmed together, a last parcel more or less.
const BATCH_MAX: u16 = 500;
/// Batches under way at once: one is published while the other waits for its confirms.
const CARRIERS: usize = 2;
/// First steps that may wait in their queue, a few seconds' work for a worker; then what is said of new orders waits in
/// the outbox.
const FIRST_STEPS_MAX: u32 = 5_000;
/// How often at most a carrier asks the broker how many they are.
const READERS_SEEN_EVERY: Duration = Duration::from_millis(100);
/// How often at most a carrier declares the topology again because messages were refused.
const DECLARE_EVERY: Duration = Duration::from_secs(1);
/// How long a carrier rests after a failure: doubling from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// How long a batch may take: longer than the limits of its parts together.
const BATCH_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error("a batch took longer than {BATCH_LIMIT:?}")]
    TooSlow,
}

impl RelayError {
    /// What was the matter, as a label.
    fn cause(&self) -> &'static str {
        match self {
            Self::Database(_) => "database",
            Self::Broker(_) => "broker",
            Self::TooSlow => "time",
        }
    }
}

/// Runs until the process stops. Carries what `relay` is given, and every so often looks for what was left behind.
pub async fn run(pool: PgPool, links: Links, relay: Relay, look_every: Duration, lifecycle: Lifecycle) {
    let carrier = |_| Carrier {
        pool: pool.clone(),
        links: links.clone(),
        relay: relay.clone(),
        look_every,
        next_look: Instant::now(),
        publisher: None,
        declared_at: None,
        next_look_at_readers: Instant::now(),
        claimed_at: None,
    };
    join_all((0..CARRIERS).map(carrier).map(|carrier| carrier.run(&lifecycle))).await;
}

struct Carrier {
    pool: PgPool,
    links: Links,
    relay: Relay,
    look_every: Duration,
    /// When to look for what was left behind.
    next_look: Instant,
    publisher: Option<Publisher>,
    /// When it last declared the topology.
    declared_at: Option<Instant>,
    /// When to look next whether the readers of first steps keep up.
    next_look_at_readers: Instant,
    /// When it last claimed what is left behind.
    claimed_at: Option<Instant>,
}

impl Carrier {
    async fn run(mut self, lifecycle: &Lifecycle) {
        let relay = self.relay.clone();
        let mut backoff = BACKOFF_MIN;
        while !lifecycle.stopping.is_cancelled() {
            let carried = tokio::select! {
                load = relay.next(BATCH_MAX.into()) => self.carry(load).await,
                () = relay.left_behind() => self.carry_left_behind().await,
                () = tokio::time::sleep_until(self.next_look.into()) => self.carry_left_behind().await,
                () = lifecycle.stopping.cancelled() => break,
            };
            let Err(error) = carried else {
                backoff = BACKOFF_MIN;
                continue;
            };
            metrics::not_carried(error.cause());
            tracing::warn!(%error, "The relay could not carry the outbox");
            self.next_look = Instant::now() + self.look_every.min(LEASE);
            lifecycle.pause(backoff, std::future::pending()).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
        self.finish().await;
    }

    /// What was handed in before the stop goes out still, and whatever else is free.
    async fn finish(mut self) {
        let relay = self.relay.clone();
        let mut carried = Ok(());
        while let (Ok(()), Some(load)) = (&carried, relay.next(BATCH_MAX.into()).now_or_never()) {
            carried = self.carry(load).await;
        }
        if carried.is_ok() {
            carried = self.claim_and_carry().await.map(drop);
        }
        if let Err(error) = carried {
            tracing::info!(%error, "The relay leaves the rest of the outbox to others");
        }
    }

    /// Carries what was handed in. Nothing is locked meanwhile: the lease keeps others away.
    async fn carry(&mut self, load: Load) -> Result<(), RelayError> {
        let rows = &load.rows;
        if rows.is_empty() {
            return Ok(());
        }
        within_limit(async {
            let began = Instant::now();
            let mut publisher = self.publisher().await?;
            let arrivals = publisher.publish_all(&publications(rows)).await?;
            store::settle(&mut *self.pool.acquire().await?, rows, &arrivals).await?;
            report(rows, &arrivals, began.elapsed());
            match self.look_at_readers(&publisher).await {
                Ok(()) => self.keep(publisher, &arrivals),
                Err(error) => tracing::debug!(%error, "The readers could not be looked at"),
            }
            Ok(())
        })
        .await
    }

    /// Carries a batch of what was left behind, and notes when to look again.
    async fn carry_left_behind(&mut self) -> Result<(), RelayError> {
        let carried = self.claim_and_carry().await?;
        let pause = match carried {
            full if full >= BATCH_MAX.into() => Duration::ZERO,
            _ if self.relay.readers_are_behind() => READERS_SEEN_EVERY.min(self.look_every),
            _ => self.look_every,
        };
        self.next_look = Instant::now() + pause;
        Ok(())
    }

    /// Claims what nobody has the lease of, oldest first, and carries it. Answers how much that was.
    async fn claim_and_carry(&mut self) -> Result<usize, RelayError> {
        within_limit(async {
            // The channel comes first: without a broker nothing is claimed, and health knows.
            let mut publisher = self.publisher_after_a_look().await?;
            let held_back = self.relay.readers_are_behind();
            if held_back && self.claimed_at.is_some_and(|at| at.elapsed() < self.look_every) {
                self.keep(publisher, &[]);
                return Ok(0);
            }
            self.claimed_at = Some(Instant::now());
            let mut tx = platform::postgres::begin(&self.pool).await?;
            let rows = if held_back {
                store::claim_past_new_orders(&mut tx, BATCH_MAX.into()).await?
            } else {
                store::claim(&mut tx, BATCH_MAX.into()).await?
            };
            let mut arrivals = Vec::new();
            if !rows.is_empty() {
                let began = Instant::now();
                arrivals = publisher.publish_all(&publications(&rows)).await?;
                store::settle(&mut tx, &rows, &arrivals).await?;
                tx.commit().await?;
                report(&rows, &arrivals, began.elapsed());
            }
            self.keep(publisher, &arrivals);
            Ok(rows.len())
        })
        .await
    }

    /// A channel, and what is known of the readers. That their queue is not there stops no other queue's messages.
    async fn publisher_after_a_look(&mut self) -> Result<Publisher, BrokerError> {
        let publisher = self.publisher().await?;
        match self.look_at_readers(&publisher).await {
            Err(error) if error.is_refusal() => self.publisher().await,
            looked => looked.map(|()| publisher),
        }
    }

    /// Notes whether those who read first steps keep up, unless that was noted just now.
    async fn look_at_readers(&mut self, publisher: &Publisher) -> Result<(), BrokerError> {
        if Instant::now() < self.next_look_at_readers {
            return Ok(());
        }
        let depth = publisher.depth_of(FIRST_STEP.0.into()).await;
        let pause = if depth.is_ok() { READERS_SEEN_EVERY } else { self.look_every };
        self.next_look_at_readers = Instant::now() + pause;
        self.relay.note_readers(depth.as_ref().is_ok_and(|waiting| *waiting > FIRST_STEPS_MAX));
        depth.map(drop)
    }

    /// The channel of the last batch, if that went well, or a new one.
    async fn publisher(&mut self) -> Result<Publisher, BrokerError> {
        match self.publisher.take() {
            Some(open) if open.is_usable() => Ok(open),
            _ => {
                self.declared_at = Some(Instant::now());
                Publisher::open(&self.links.publishing).await
            }
        }
    }

    /// Keeps the channel for the next batch, unless a message was refused: its queue or binding is gone, and the next
    /// channel declares it anew.
    fn keep(&mut self, publisher: Publisher, arrivals: &[Arrival]) {
        let refused = arrivals.iter().any(|arrival| *arrival != Arrival::Confirmed);
        if !refused || self.declared_at.is_some_and(|at| at.elapsed() < DECLARE_EVERY) {
            self.publisher = Some(publisher);
        }
    }
}

async fn within_limit<T>(carrying: impl Future<Output = Result<T, RelayError>>) -> Result<T, RelayError> {
    tokio::time::timeout(BATCH_LIMIT, carrying).await.unwrap_or(Err(RelayError::TooSlow))
}

fn publications(rows: &[Row]) -> Vec<Publication<'_>> {
    rows.iter().map(publication).collect()
}

fn publication(Row { message, .. }: &Row) -> Publication<'_> {
    Publication {
        message_id: message.message_id,
        exchange: &message.exchange,
        routing_key: &message.routing_key,
        type_name: &message.type_name,
        payload: message.payload.as_bytes(),
        headers: FieldTable::default(),
        mandatory: message.exchange != topology::EVENTS,
    }
}

fn report(rows: &[Row], arrivals: &[Arrival], took: Duration) {
    metrics::carried(arrivals);
    let duration_ms = platform::telemetry::milliseconds(took);
    tracing::debug!(messages = rows.len(), duration_ms, "Carried a batch to the broker");
    let refused: Vec<(&Row, &String)> = rows.iter().zip(arrivals).filter_map(refusal).collect();
    if let Some((Row { message, .. }, reason)) = refused.first() {
        let header: Option<Header> = serde_json::from_str(&message.payload).ok();
        tracing::error!(
            messages = refused.len(),
            message.id = %message.message_id,
            order.id = header.as_ref().map(|header| display(header.subject)),
            correlation_id = header.as_ref().map(|header| header.trace.correlation_id.as_str()),
            routing_key = message.routing_key,
            reason,
            "The broker refused messages; this is the first of them"
        );
    }
}

fn refusal<'a>((row, arrival): (&'a Row, &'a Arrival)) -> Option<(&'a Row, &'a String)> {
    match arrival {
        Arrival::Confirmed => None,
        Arrival::Refused(reason) => Some((row, reason)),
    }
}

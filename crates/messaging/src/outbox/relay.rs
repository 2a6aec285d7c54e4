//! The relay: publishes the messages that are passed to its [`RelayHandle`], claims and publishes rows that are not
//! leased, and deletes the rows that the broker has confirmed.
//!
//! It runs in every process that writes outbox rows. Any number may run at once, because claimed rows are locked and
//! skipped by the others. Rows that a crash or a flood leaves behind can be claimed by any relay when their lease has
//! ended. So a message may be published twice; the inbox of its consumer deduplicates it.

use super::leased_messages::{LEASE, Row};
use super::relay_handle::{LeasedBatch, RelayHandle};
use super::store;
use crate::broker::{Backoff, BrokerConnections, BrokerError, Publication, PublishOutcome, Publisher};
use crate::envelope::Header;
use crate::metrics;
use crate::topology::{self, FIRST_SAGA_COMMAND};
use futures::FutureExt;
use futures::future::join_all;
use lapin::types::FieldTable;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// How often a relay polls the outbox for rows that are not leased: a crash or a flood leaves such rows.
pub const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Messages that are published and confirmed together. The last [`super::LeasedMessages`] of a batch may exceed it.
const BATCH_MAX: u16 = 500;
/// With two workers, one batch is published while the other one waits for its confirms.
const PUBLISH_WORKERS: usize = 2;
/// The length of the inventory queue, a few seconds' work for a worker, above which the messages of new orders are
/// deferred in the outbox.
const FIRST_COMMANDS_MAX: u32 = 5_000;
/// How often at most a publish worker queries the length of that queue.
const DEPTH_CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// How often at most a publish worker declares the topology again because messages were refused.
const DECLARE_INTERVAL: Duration = Duration::from_secs(1);
/// The delay after a failure: doubles from the minimum to the maximum.
const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// How long a batch may take: longer than the limits of its steps together.
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
    /// The value of the metric label `cause`.
    fn cause(&self) -> &'static str {
        match self {
            Self::Database(_) => "database",
            Self::Broker(_) => "broker",
            Self::TooSlow => "time",
        }
    }
}

/// Runs the relay until the process stops. Publishes what is passed to `relay`, and polls for unleased rows every
/// `poll_interval`.
pub async fn run(
    pool: PgPool,
    connections: BrokerConnections,
    relay: RelayHandle,
    poll_interval: Duration,
    lifecycle: Lifecycle,
) {
    let worker = |_| PublishWorker {
        pool: pool.clone(),
        connections: connections.clone(),
        relay: relay.clone(),
        poll_interval,
        next_poll: Instant::now(),
        publisher: None,
        declared_at: None,
        next_depth_check: Instant::now(),
        claimed_at: None,
    };
    join_all((0..PUBLISH_WORKERS).map(worker).map(|worker| worker.run(&lifecycle))).await;
}

struct PublishWorker {
    pool: PgPool,
    connections: BrokerConnections,
    relay: RelayHandle,
    poll_interval: Duration,
    /// When to poll for unleased rows.
    next_poll: Instant,
    publisher: Option<Publisher>,
    /// When this worker last declared the topology.
    declared_at: Option<Instant>,
    /// When to query the length of the inventory queue.
    next_depth_check: Instant,
    /// When this worker last claimed unleased rows.
    claimed_at: Option<Instant>,
}

impl PublishWorker {
    async fn run(mut self, lifecycle: &Lifecycle) {
        let relay = self.relay.clone();
        let mut backoff = Backoff::new(BACKOFF_MIN, BACKOFF_MAX);
        while !lifecycle.stopping.is_cancelled() {
            let published = tokio::select! {
                batch = relay.next(BATCH_MAX.into()) => self.publish_leased(batch).await,
                () = relay.wait_for_unleased_rows() => self.publish_unleased().await,
                () = tokio::time::sleep_until(self.next_poll.into()) => self.publish_unleased().await,
                () = lifecycle.stopping.cancelled() => break,
            };
            let Err(error) = published else {
                backoff.reset();
                continue;
            };
            metrics::relay_failed(error.cause());
            tracing::warn!(%error, "The relay could not publish the outbox");
            self.next_poll = Instant::now() + self.poll_interval.min(LEASE);
            backoff.wait(lifecycle).await;
        }
        self.finish().await;
    }

    /// Publishes the leased messages that were passed in before the stop, and one batch of unleased rows.
    async fn finish(mut self) {
        let relay = self.relay.clone();
        let mut published = Ok(());
        while let (Ok(()), Some(batch)) = (&published, relay.next(BATCH_MAX.into()).now_or_never()) {
            published = self.publish_leased(batch).await;
        }
        if published.is_ok() {
            published = self.claim_and_publish().await.map(drop);
        }
        if let Err(error) = published {
            tracing::info!(%error, "The relay stops and leaves the rest of the outbox to other processes");
        }
    }

    /// Publishes a batch without locking its rows: the lease keeps other relays from claiming them.
    async fn publish_leased(&mut self, batch: LeasedBatch) -> Result<(), RelayError> {
        let rows = &batch.rows;
        if rows.is_empty() {
            return Ok(());
        }
        within_limit(async {
            let began = Instant::now();
            let mut publisher = self.publisher().await?;
            let outcomes = publisher.publish_all(&publications(rows)).await?;
            let mut connection = platform::postgres::writer(&self.pool).await?;
            store::apply_outcomes(&mut connection, rows, &outcomes).await?;
            connection.commit().await?;
            report(rows, &outcomes, began.elapsed());
            match self.check_queue_depth(&publisher).await {
                Ok(()) => self.keep_publisher(publisher, &outcomes),
                Err(error) => tracing::debug!(%error, "The length of the inventory queue could not be queried"),
            }
            Ok(())
        })
        .await
    }

    /// Publishes a batch of unleased rows and schedules the next poll.
    async fn publish_unleased(&mut self) -> Result<(), RelayError> {
        let published = self.claim_and_publish().await?;
        let delay = match published {
            full if full >= BATCH_MAX.into() => Duration::ZERO,
            _ if self.relay.is_backpressured() => DEPTH_CHECK_INTERVAL.min(self.poll_interval),
            _ => self.poll_interval,
        };
        self.next_poll = Instant::now() + delay;
        Ok(())
    }

    /// Claims unleased rows, oldest first, and publishes them. Returns their number.
    async fn claim_and_publish(&mut self) -> Result<usize, RelayError> {
        within_limit(async {
            // The channel is opened first: without a broker no rows are claimed, and the failure is reported.
            let mut publisher = self.publisher_with_depth_check().await?;
            let is_backpressured = self.relay.is_backpressured();
            if is_backpressured && self.claimed_at.is_some_and(|at| at.elapsed() < self.poll_interval) {
                self.keep_publisher(publisher, &[]);
                return Ok(0);
            }
            self.claimed_at = Some(Instant::now());
            let mut tx = platform::postgres::begin(&self.pool).await?;
            let rows = if is_backpressured {
                store::claim_not_deferrable(&mut tx, BATCH_MAX.into()).await?
            } else {
                store::claim(&mut tx, BATCH_MAX.into()).await?
            };
            let mut outcomes = Vec::new();
            if !rows.is_empty() {
                let began = Instant::now();
                outcomes = publisher.publish_all(&publications(&rows)).await?;
                store::apply_outcomes(&mut tx, &rows, &outcomes).await?;
                tx.commit().await?;
                report(&rows, &outcomes, began.elapsed());
            }
            self.keep_publisher(publisher, &outcomes);
            Ok(rows.len())
        })
        .await
    }

    /// A channel, after the queue depth was checked. A missing inventory queue does not block the messages of other
    /// queues.
    async fn publisher_with_depth_check(&mut self) -> Result<Publisher, BrokerError> {
        let publisher = self.publisher().await?;
        match self.check_queue_depth(&publisher).await {
            Err(error) if error.is_refusal() => self.publisher().await,
            checked => checked.map(|()| publisher),
        }
    }

    /// Sets or clears the backpressure by the length of the inventory queue, unless that was checked just before.
    async fn check_queue_depth(&mut self, publisher: &Publisher) -> Result<(), BrokerError> {
        if Instant::now() < self.next_depth_check {
            return Ok(());
        }
        let depth = publisher.depth_of(FIRST_SAGA_COMMAND.0.into()).await;
        let delay = if depth.is_ok() { DEPTH_CHECK_INTERVAL } else { self.poll_interval };
        self.next_depth_check = Instant::now() + delay;
        self.relay.set_backpressure(depth.as_ref().is_ok_and(|ready| *ready > FIRST_COMMANDS_MAX));
        depth.map(drop)
    }

    /// The channel of the last batch if that succeeded, or a new one.
    async fn publisher(&mut self) -> Result<Publisher, BrokerError> {
        match self.publisher.take() {
            Some(open) if open.is_usable() => Ok(open),
            _ => {
                self.declared_at = Some(Instant::now());
                Publisher::open(&self.connections.publishing).await
            }
        }
    }

    /// Keeps the channel for the next batch, unless a message was refused: its queue or binding is missing, and opening
    /// the next channel declares it again.
    fn keep_publisher(&mut self, publisher: Publisher, outcomes: &[PublishOutcome]) {
        let refused = outcomes.iter().any(|outcome| *outcome != PublishOutcome::Confirmed);
        if !refused || self.declared_at.is_some_and(|at| at.elapsed() < DECLARE_INTERVAL) {
            self.publisher = Some(publisher);
        }
    }
}

async fn within_limit<T>(publishing: impl Future<Output = Result<T, RelayError>>) -> Result<T, RelayError> {
    tokio::time::timeout(BATCH_LIMIT, publishing).await.unwrap_or(Err(RelayError::TooSlow))
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
        expires_in_ms: None,
        mandatory: message.exchange != topology::EVENTS,
    }
}

fn report(rows: &[Row], outcomes: &[PublishOutcome], took: Duration) {
    metrics::published(outcomes);
    let duration_ms = platform::telemetry::milliseconds(took);
    tracing::debug!(messages = rows.len(), duration_ms, "Published a batch of the outbox");
    let refused: Vec<(&Row, &String)> = rows.iter().zip(outcomes).filter_map(refusal).collect();
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

fn refusal<'a>((row, outcome): (&'a Row, &'a PublishOutcome)) -> Option<(&'a Row, &'a String)> {
    match outcome {
        PublishOutcome::Confirmed => None,
        PublishOutcome::Refused(reason) => Some((row, reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_hangs_ends_within_half_a_minute() {
        let began = tokio::time::Instant::now();

        let hanging = tokio::time::timeout(Duration::from_mins(1), within_limit(pending::<Result<(), RelayError>>()));

        assert!(matches!(hanging.await, Ok(Err(RelayError::TooSlow))));
        assert_eq!(began.elapsed().as_secs(), 30);
    }
}

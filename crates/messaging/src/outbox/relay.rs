//! Carries the outbox to the broker: claim what is unsent, publish it all, delete what the broker has confirmed.
//!
//! It runs in every process that writes outbox rows and is woken there after each commit; any number may run at once,
//! since a claimed row is locked and skipped by the others. A crash leaves the rows, free at once, to whoever polls
//! next. A message may thus go out twice, and its reader's inbox takes it once.

use super::store::{self, Row};
use crate::broker::{Arrival, BrokerError, Links, Publication, Publisher};
use crate::envelope::Header;
use crate::{metrics, topology};
use lapin::types::FieldTable;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Messages that are claimed, published and confirmed together.
const BATCH_MAX: i64 = 500;
/// How long the relay rests after a failure: doubling from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// How long a batch may take: longer than the limits of its parts together.
const BATCH_LIMIT: Duration = Duration::from_secs(30);

/// Wakes the relay of this process after a commit; cheap to clone and to call.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<Notify>);

impl Waker {
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

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

/// Runs until the process stops. Looks when woken, and every so often besides: for rows that a crash left.
pub async fn run(pool: PgPool, links: Links, waker: Waker, look_every: Duration, lifecycle: Lifecycle) {
    let mut relay = Relay { pool, links, publisher: None };
    let mut backoff = BACKOFF_MIN;
    while !lifecycle.stopping.is_cancelled() {
        match relay.carry_batch().await {
            Ok(Carried::FullBatch) => backoff = BACKOFF_MIN,
            Ok(Carried::AllThereWas) => {
                backoff = BACKOFF_MIN;
                lifecycle.pause(look_every, waker.0.notified()).await;
            }
            Err(error) => {
                metrics::not_carried(error.cause());
                tracing::warn!(%error, "The relay could not carry the outbox");
                lifecycle.pause(backoff, std::future::pending()).await;
                backoff = (backoff * 2).min(BACKOFF_MAX);
            }
        }
    }
    if let Err(error) = relay.carry_batch().await {
        tracing::info!(%error, "The relay leaves the rest of the outbox to others");
    }
}

/// What a look at the outbox found.
enum Carried {
    /// As much as fits: more may wait.
    FullBatch,
    AllThereWas,
}

struct Relay {
    pool: PgPool,
    links: Links,
    publisher: Option<Publisher>,
}

impl Relay {
    async fn carry_batch(&mut self) -> Result<Carried, RelayError> {
        tokio::time::timeout(BATCH_LIMIT, self.carry()).await.unwrap_or(Err(RelayError::TooSlow))
    }

    async fn carry(&mut self) -> Result<Carried, RelayError> {
        // The channel comes first: without a broker nothing is claimed, and health knows.
        let mut publisher = match self.publisher.take() {
            Some(open) if open.is_usable() => open,
            _ => Publisher::open(&self.links.publishing).await?,
        };
        let mut tx = platform::postgres::begin(&self.pool).await?;
        let rows = store::claim(&mut tx, BATCH_MAX).await?;
        if !rows.is_empty() {
            let began = Instant::now();
            let publications: Vec<_> = rows.iter().map(publication).collect();
            let arrivals = publisher.publish_all(&publications).await?;
            store::settle(&mut tx, &rows, &arrivals).await?;
            tx.commit().await?;
            metrics::carried(&arrivals);
            report(&rows, &arrivals, began.elapsed());
        }
        self.publisher = Some(publisher);
        let full = i64::try_from(rows.len()).is_ok_and(|claimed| claimed == BATCH_MAX);
        Ok(if full { Carried::FullBatch } else { Carried::AllThereWas })
    }
}

fn publication(row: &Row) -> Publication<'_> {
    Publication {
        message_id: row.message_id,
        exchange: &row.exchange,
        routing_key: &row.routing_key,
        type_name: &row.type_name,
        payload: row.payload.as_bytes(),
        headers: FieldTable::default(),
        mandatory: row.exchange != topology::EVENTS,
    }
}

fn report(rows: &[Row], arrivals: &[Arrival], took: Duration) {
    let duration_ms = platform::telemetry::milliseconds(took);
    tracing::debug!(messages = rows.len(), duration_ms, "Carried a batch to the broker");
    for (row, arrival) in rows.iter().zip(arrivals) {
        if let Arrival::Refused(reason) = arrival {
            let header: Option<Header> = serde_json::from_str(&row.payload).ok();
            tracing::error!(
                message.id = %row.message_id,
                order.id = header.as_ref().map(|header| display(header.subject)),
                correlation_id = header.as_ref().map(|header| header.trace.correlation_id.as_str()),
                routing_key = row.routing_key,
                reason,
                "The broker refused a message"
            );
        }
    }
}

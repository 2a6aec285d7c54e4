//! Inspects the broker: whether it answers, and how many messages and consumers each queue has.

use super::connection::{BrokerConnection, BrokerError, within};
use crate::topology::{dead_queue, queue_names};
use domain::messages::Queue;
use lapin::Channel;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use std::time::{Duration, Instant};
use strum::IntoEnumIterator;
use tokio::sync::Mutex;

/// How long a passive declare of one queue may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
/// A consumer that starts a new session is absent for some milliseconds. So a queue without consumers is checked again
/// after this.
const RECHECK_AFTER: Duration = Duration::from_millis(300);
/// How long a result is cached, so that concurrent requests cost one inspection.
const CACHE_TTL: Duration = Duration::from_secs(1);

/// A queue with the counts that the broker reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDepth {
    pub name: String,
    /// Messages that are ready to be delivered; unacked ones are not included.
    pub messages: u32,
    pub consumers: u32,
}

/// A work queue or a dead queue, and whether it has consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueStatus {
    pub queue: Queue,
    pub name: String,
    /// `None` when the queue does not exist.
    pub depth: Option<QueueDepth>,
}

impl QueueStatus {
    pub fn has_consumers(&self) -> bool {
        self.depth.as_ref().is_some_and(|depth| depth.consumers > 0)
    }

    fn or_recheck(self, later: Self) -> Self {
        if self.has_consumers() { self } else { later }
    }

    pub fn is_work_queue(&self) -> bool {
        self.name == <&str>::from(self.queue)
    }
}

/// Inspects queues through a channel that it keeps open. Inspections run one at a time.
#[derive(Debug)]
pub struct QueueInspector {
    connection: BrokerConnection,
    /// When the broker last answered a ping.
    pinged_at: Mutex<Option<Instant>>,
    depths: Mutex<Option<(Instant, Vec<QueueDepth>)>>,
    queue_status: Mutex<Option<(Instant, Vec<QueueStatus>)>>,
    channel: Mutex<Option<Channel>>,
}

impl QueueInspector {
    pub fn new(connection: BrokerConnection) -> Self {
        let (pinged_at, depths, queue_status) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { connection, pinged_at, depths, queue_status, channel: Mutex::default() }
    }

    /// One round trip on a channel, as a publisher or a consumer would make it.
    pub async fn ping(&self) -> Result<(), BrokerError> {
        let mut pinged_at = self.pinged_at.lock().await;
        if pinged_at.is_some_and(|at| at.elapsed() < CACHE_TTL) {
            return Ok(());
        }
        *pinged_at = None;
        self.inspect(Queue::iter().map(dead_queue).take(1).collect()).await?;
        *pinged_at = Some(Instant::now());
        Ok(())
    }

    /// The work queues, then the dead queues. A queue without consumers is checked twice.
    pub async fn queue_status(&self) -> Result<Vec<QueueStatus>, BrokerError> {
        let mut cached = self.queue_status.lock().await;
        if let Some((_, queues)) = cached.as_ref().filter(|(at, _)| at.elapsed() < CACHE_TTL) {
            return Ok(queues.clone());
        }
        let mut queues = self.inspect_consumers().await?;
        if !queues.iter().all(QueueStatus::has_consumers) {
            tokio::time::sleep(RECHECK_AFTER).await;
            let recheck = self.inspect_consumers().await?;
            queues = queues.into_iter().zip(recheck).map(|(first, recheck)| first.or_recheck(recheck)).collect();
        }
        *cached = Some((Instant::now(), queues.clone()));
        Ok(queues)
    }

    async fn inspect_consumers(&self) -> Result<Vec<QueueStatus>, BrokerError> {
        let work = Queue::iter().map(|queue| (queue, queue.to_string()));
        let queues: Vec<_> = work.chain(Queue::iter().map(|queue| (queue, dead_queue(queue)))).collect();
        let depths = self.inspect(queues.iter().map(|(_, name)| name.clone()).collect()).await?;
        let status = |((queue, name), depth)| QueueStatus { queue, name, depth };
        Ok(queues.into_iter().zip(depths).map(status).collect())
    }

    /// Every queue of the topology that exists, work queues first.
    pub async fn depths(&self) -> Result<Vec<QueueDepth>, BrokerError> {
        let mut cached = self.depths.lock().await;
        if let Some((_, depths)) = cached.as_ref().filter(|(at, _)| at.elapsed() < CACHE_TTL) {
            return Ok(depths.clone());
        }
        let inspected = self.inspect(queue_names(&self.connection.retry_schedule())).await?;
        let depths: Vec<_> = inspected.into_iter().flatten().collect();
        *cached = Some((Instant::now(), depths.clone()));
        Ok(depths)
    }

    /// Returns the depths in the order of `names`; `None` for a queue that does not exist. After an error the next
    /// inspection opens a new channel.
    async fn inspect(&self, names: Vec<String>) -> Result<Vec<Option<QueueDepth>>, BrokerError> {
        let mut kept = self.channel.lock().await;
        let mut depths = Vec::with_capacity(names.len());
        for name in names {
            let channel = match kept.take() {
                Some(open) if open.status().connected() => open,
                // Declares nothing, so that an inspection makes progress even when its caller cancels it early.
                _ => self.connection.bare_channel().await?,
            };
            match depth_of(&channel, name).await {
                Ok(depth) => depths.push(Some(depth)),
                Err(error) if error.is_refusal() => {
                    depths.push(None);
                    continue;
                }
                Err(error) => return Err(error),
            }
            *kept = Some(channel);
        }
        Ok(depths)
    }
}

async fn depth_of(channel: &Channel, name: String) -> Result<QueueDepth, BrokerError> {
    let passive = QueueDeclareOptions { passive: true, ..Default::default() };
    let declaring = channel.queue_declare(name.as_str().into(), passive, FieldTable::default());
    let queue = within(ANSWER_LIMIT, declaring).await?;
    Ok(QueueDepth { name, messages: queue.message_count(), consumers: queue.consumer_count() })
}

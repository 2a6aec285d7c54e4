//! Looks at the broker as it is right now: whether it answers, and what lies in each queue.

use super::link::{BrokerError, Link, within};
use crate::topology::{dead_queue, queue_names};
use domain::messages::Queue;
use lapin::Channel;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use std::time::{Duration, Instant};
use strum::IntoEnumIterator;
use tokio::sync::Mutex;

/// How long the broker may take to answer for one queue.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
/// Whoever asks again within this is told what was seen: many who ask at once cost one look.
const FRESH: Duration = Duration::from_secs(1);

/// A queue as the broker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDepth {
    pub name: String,
    /// Ready to be delivered; those that a consumer has and did not ack are not among them.
    pub messages: u32,
    pub consumers: u32,
}

/// A channel of its own, kept for the next look. Looks go one after the other.
#[derive(Debug)]
pub struct Probe {
    link: Link,
    /// When it answered last.
    pinged: Mutex<Option<Instant>>,
    seen: Mutex<Option<(Instant, Vec<QueueDepth>)>>,
    channel: Mutex<Option<Channel>>,
}

impl Probe {
    pub fn new(link: Link) -> Self {
        Self { link, pinged: Mutex::default(), seen: Mutex::default(), channel: Mutex::default() }
    }

    /// One round trip, as a publisher or a consumer would make it.
    pub async fn ping(&self) -> Result<(), BrokerError> {
        let mut pinged = self.pinged.lock().await;
        if pinged.is_some_and(|at| at.elapsed() < FRESH) {
            return Ok(());
        }
        *pinged = None;
        self.look_at(Queue::iter().map(dead_queue).take(1).collect()).await?;
        *pinged = Some(Instant::now());
        Ok(())
    }

    /// Every queue of ours, work queues first.
    pub async fn depths(&self) -> Result<Vec<QueueDepth>, BrokerError> {
        let mut seen = self.seen.lock().await;
        if let Some((_, depths)) = seen.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(depths.clone());
        }
        let depths = self.look_at(queue_names(&self.link.ladder())).await?;
        *seen = Some((Instant::now(), depths.clone()));
        Ok(depths)
    }

    /// On an error the channel is of no more use: the next look gets a new one.
    async fn look_at(&self, names: Vec<String>) -> Result<Vec<QueueDepth>, BrokerError> {
        let mut kept = self.channel.lock().await;
        let channel = match kept.take() {
            Some(open) if open.status().connected() => open,
            // Nothing is declared through it: a look that is given up half-way must not have begun in vain.
            _ => self.link.bare_channel().await?,
        };
        let mut depths = Vec::with_capacity(names.len());
        for name in names {
            let only_look = QueueDeclareOptions { passive: true, ..Default::default() };
            let looking = channel.queue_declare(name.as_str().into(), only_look, FieldTable::default());
            let queue = within(ANSWER_LIMIT, looking).await?;
            depths.push(QueueDepth { name, messages: queue.message_count(), consumers: queue.consumer_count() });
        }
        *kept = Some(channel);
        Ok(depths)
    }
}

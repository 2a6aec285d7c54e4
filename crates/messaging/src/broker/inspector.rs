//! Looks at the broker as it is right now: whether it answers, and what lies in each queue.

use super::connection::{BrokerError, Link, within};
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
/// A consumer that begins a new session is away for some milliseconds: so a queue counts as unattended when it still is
/// after this.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(300);
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

/// A work queue or a dead queue, and who takes from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    pub queue: Queue,
    pub name: String,
    /// `None` when the queue is not there.
    pub depth: Option<QueueDepth>,
}

impl Attendance {
    /// Somebody takes from it.
    pub fn is_attended(&self) -> bool {
        self.depth.as_ref().is_some_and(|depth| depth.consumers > 0)
    }

    fn or(self, later: Self) -> Self {
        if self.is_attended() { self } else { later }
    }

    pub fn is_work_queue(&self) -> bool {
        self.name == <&str>::from(self.queue)
    }
}

/// A channel of its own, kept for the next look. Looks go one after the other.
#[derive(Debug)]
pub struct Probe {
    link: Link,
    /// When it answered last.
    pinged: Mutex<Option<Instant>>,
    seen: Mutex<Option<(Instant, Vec<QueueDepth>)>>,
    attendance: Mutex<Option<(Instant, Vec<Attendance>)>>,
    channel: Mutex<Option<Channel>>,
}

impl Probe {
    pub fn new(link: Link) -> Self {
        let (pinged, seen, attendance) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { link, pinged, seen, attendance, channel: Mutex::default() }
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

    /// The work queues, then the dead queues. One that nobody takes from is looked at twice.
    pub async fn attendance(&self) -> Result<Vec<Attendance>, BrokerError> {
        let mut seen = self.attendance.lock().await;
        if let Some((_, attendance)) = seen.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(attendance.clone());
        }
        let mut attendance = self.look_who_attends().await?;
        if !attendance.iter().all(Attendance::is_attended) {
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
            let again = self.look_who_attends().await?;
            attendance = attendance.into_iter().zip(again).map(|(first, again)| first.or(again)).collect();
        }
        *seen = Some((Instant::now(), attendance.clone()));
        Ok(attendance)
    }

    async fn look_who_attends(&self) -> Result<Vec<Attendance>, BrokerError> {
        let work = Queue::iter().map(|queue| (queue, queue.to_string()));
        let queues: Vec<_> = work.chain(Queue::iter().map(|queue| (queue, dead_queue(queue)))).collect();
        let depths = self.look_at(queues.iter().map(|(_, name)| name.clone()).collect()).await?;
        let attendance = |((queue, name), depth)| Attendance { queue, name, depth };
        Ok(queues.into_iter().zip(depths).map(attendance).collect())
    }

    /// Every queue of ours that is there, work queues first.
    pub async fn depths(&self) -> Result<Vec<QueueDepth>, BrokerError> {
        let mut seen = self.seen.lock().await;
        if let Some((_, depths)) = seen.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(depths.clone());
        }
        let looks = self.look_at(queue_names(&self.link.ladder())).await?;
        let depths: Vec<_> = looks.into_iter().flatten().collect();
        *seen = Some((Instant::now(), depths.clone()));
        Ok(depths)
    }

    /// In the order of the names; `None` for a queue that is not there. On an error the next look gets a new channel.
    async fn look_at(&self, names: Vec<String>) -> Result<Vec<Option<QueueDepth>>, BrokerError> {
        let mut kept = self.channel.lock().await;
        let mut depths = Vec::with_capacity(names.len());
        for name in names {
            let channel = match kept.take() {
                Some(open) if open.status().connected() => open,
                // Nothing is declared through it: a look that is given up half-way must not have begun in vain.
                _ => self.link.bare_channel().await?,
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
    let only_look = QueueDeclareOptions { passive: true, ..Default::default() };
    let looking = channel.queue_declare(name.as_str().into(), only_look, FieldTable::default());
    let queue = within(ANSWER_LIMIT, looking).await?;
    Ok(QueueDepth { name, messages: queue.message_count(), consumers: queue.consumer_count() })
}

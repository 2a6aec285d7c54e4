//! One queue's loop: a session is a channel's life; when it breaks, the next one begins, with backoff, for ever.

use super::acknowledge::Exit;
use super::batch::Desk;
use super::calls::{Answered, Calls, Tag};
use super::concurrency::{Turn, Turns};
use super::decode::decode;
use super::isolate::Context;
use super::receive;
use super::strategy::{Decided, Round, Work};
use super::unacked::Unacked;
use crate::broker::{BrokerError, Links, within};
use crate::handle::{Delivery, Verdict};
use crate::metrics::QueueMetrics;
use crate::outbox::Relay;
use crate::topology::Scope;
use domain::messages::Queue;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use platform::lifecycle::Lifecycle;
use platform::telemetry::milliseconds;
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long to rest between sessions: doubling from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// How long the broker may take to answer whatever a session asks of it.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// A session that lasted so long was a good one: the next may begin at once.
const GOOD_SESSION: Duration = Duration::from_secs(30);
/// How long a session that ends waits for its calls; the messages of the others go back to the queue.
const CALLS_LIMIT: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, Copy)]
pub struct ConsumerSettings {
    /// Messages that are handled together at most.
    pub batch_max: u16,
    /// Messages that the broker may send ahead of their acks: one batch at work and one behind it.
    pub prefetch: u16,
}

/// Why a session ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Stopping,
    /// Nothing was delivered for so long that the broker may have forgotten the consumer.
    Silent,
}

/// What a session goes on with.
enum Event<C, A> {
    Delivered(Box<lapin::message::Delivery>),
    Answered(Vec<Answered<C, A>>),
    Ended(Ended),
}

struct Session<'a, W: Work> {
    desk: &'a Desk<W>,
    settings: ConsumerSettings,
    consumer: Consumer,
    exit: Exit,
    unacked: Unacked,
    calls: Calls<W::Command, W::Answer>,
    active_at: Instant,
    /// The session before was silent, and this one was given nothing yet.
    after_silence: bool,
}

impl Default for ConsumerSettings {
    fn default() -> Self {
        Self { batch_max: 256, prefetch: 512 }
    }
}

/// Consumes the queue of `work` until the process stops.
pub async fn run<W: Work>(
    work: W,
    pool: PgPool,
    links: Links,
    relay: Relay,
    turns: Turns,
    settings: ConsumerSettings,
    lifecycle: Lifecycle,
) {
    let context = Context::new(W::QUEUE, pool, relay, lifecycle.clone());
    let desk = Desk { work, metrics: QueueMetrics::of(W::QUEUE), turns, context };
    let mut backoff = BACKOFF_MIN;
    let mut after_silence = false;
    while !lifecycle.stopping.is_cancelled() {
        let began = Instant::now();
        let ended = session(&desk, &links, settings, after_silence).await;
        after_silence = matches!(ended, Ok(Ended::Silent));
        if let Err(error) = ended {
            if began.elapsed() > GOOD_SESSION {
                backoff = BACKOFF_MIN;
            }
            desk.metrics.broke_off();
            tracing::warn!(%error, queue = %W::QUEUE, "Consuming broke off and begins anew");
            lifecycle.pause(backoff, std::future::pending()).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }
}

/// Ends well when the process is to stop: what is unacked then goes back to the queue.
async fn session<W: Work>(
    desk: &Desk<W>,
    links: &Links,
    settings: ConsumerSettings,
    after_silence: bool,
) -> Result<Ended, BrokerError> {
    let queue: &str = W::QUEUE.into();
    // Always a new channel: registering again on one whose consumer was cancelled is broken on RabbitMQ 3.10.
    let channel = links.consuming.channel(Scope::Queue(W::QUEUE)).await?;
    within(ANSWER_LIMIT, channel.basic_qos(settings.prefetch, BasicQosOptions::default())).await?;
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    let consuming = channel.basic_consume(queue.into(), "".into(), options, arguments);
    let consumer = within(ANSWER_LIMIT, consuming).await?;
    if !after_silence {
        tracing::info!(queue, "Consuming");
    }
    let mut session = Session {
        desk,
        settings,
        consumer,
        exit: Exit::new(W::QUEUE, desk.context.pool.clone(), links.publishing.clone()),
        unacked: Unacked::default(),
        calls: Calls::new(),
        active_at: Instant::now(),
        after_silence,
    };
    let ended = session.consume().await?;
    session.finish_calls().await?;
    close(session.consumer, &channel).await;
    Ok(ended)
}

impl<W: Work> Session<'_, W> {
    async fn consume(&mut self) -> Result<Ended, BrokerError> {
        loop {
            let goes_on = match self.next().await? {
                Event::Delivered(first) => self.handle_window(*first).await?,
                Event::Answered(answered) => self.settle(answered).await?,
                Event::Ended(ended) => return Ok(ended),
            };
            if !goes_on {
                return Ok(Ended::Stopping);
            }
        }
    }

    async fn next(&mut self) -> Result<Event<W::Command, W::Answer>, BrokerError> {
        let queue: &str = W::QUEUE.into();
        let first = receive::first(&mut self.consumer, queue, self.active_at);
        tokio::select! {
            first = first => Ok(first?.map_or(Event::Ended(Ended::Silent), |first| Event::Delivered(Box::new(first)))),
            answered = self.calls.late() => Ok(Event::Answered(answered)),
            () = self.desk.context.lifecycle.stopping.cancelled() => Ok(Event::Ended(Ended::Stopping)),
        }
    }

    /// False when the process is to stop before the window is handled.
    async fn handle_window(&mut self, first: lapin::message::Delivery) -> Result<bool, BrokerError> {
        let Some(mut turn) = turn(self.desk).await else { return Ok(false) };
        let window = receive::fill(first, &mut self.consumer, self.settings.batch_max.into())?;
        let (began, received) = (Instant::now(), window.len());
        self.note_deafness(&window);
        let (messages, mut verdicts) = self.read(window);
        // A batch of one is told whose it was; at light load that is every batch.
        let alone = messages.first().filter(|_| received == 1).map(|(_, message)| message.header.clone());
        let decided: Decided = self.desk.decide(messages, &mut turn, &mut self.calls).await;
        let Some(decided) = decided else { return Ok(false) };
        let waited = turn.waited;
        drop(turn);
        verdicts.extend(decided);
        let tally = self.exit.let_go(&mut self.unacked, verdicts).await?;
        self.desk.metrics.let_go(tally, began.elapsed());
        self.active_at = Instant::now();
        tracing::info!(
            queue = %W::QUEUE,
            messages = received,
            done = tally.done,
            retried = tally.retried,
            dead = tally.dead,
            order.id = alone.as_ref().map(|header| display(header.subject)),
            correlation_id = alone.as_ref().map(|header| header.trace.correlation_id.as_str()),
            waited_ms = milliseconds(waited),
            duration_ms = milliseconds(began.elapsed()),
            "Handled a batch"
        );
        Ok(true)
    }

    /// What can be read, and the verdicts on what can't.
    fn read(&mut self, window: Vec<lapin::message::Delivery>) -> (Round<W::Command>, Vec<(Tag, Verdict)>) {
        let mut messages = Vec::with_capacity(window.len());
        let mut verdicts = Vec::with_capacity(window.len());
        for raw in window {
            match decode(&raw) {
                Ok(message) => {
                    take_note(W::QUEUE, &message);
                    messages.push((raw.delivery_tag, message));
                }
                Err(error) => verdicts.push((raw.delivery_tag, Verdict::Poison(error))),
            }
            self.unacked.hold(raw, &self.desk.metrics);
        }
        (messages, verdicts)
    }

    /// Settles what was answered late; false when the process is to stop before that is done.
    async fn settle(&mut self, answered: Vec<Answered<W::Command, W::Answer>>) -> Result<bool, BrokerError> {
        let (began, messages) = (Instant::now(), answered.len());
        let Some(decided) = self.desk.settle(answered).await else { return Ok(false) };
        let tally = self.exit.let_go(&mut self.unacked, decided).await?;
        self.desk.metrics.let_go(tally, began.elapsed());
        tracing::info!(
            queue = %W::QUEUE,
            messages,
            done = tally.done,
            retried = tally.retried,
            dead = tally.dead,
            duration_ms = milliseconds(began.elapsed()),
            "Settled late answers"
        );
        Ok(true)
    }

    async fn finish_calls(&mut self) -> Result<(), BrokerError> {
        let limit = Instant::now() + CALLS_LIMIT;
        while !self.calls.is_empty() {
            let Ok(answered) = timeout_at(limit, self.calls.late()).await else { break };
            if !self.settle(answered).await? {
                break;
            }
        }
        Ok(())
    }

    /// What a new channel is given a second time, after a silent one, was delivered to that one and never reached us.
    fn note_deafness(&mut self, window: &[lapin::message::Delivery]) {
        let lost = window.iter().filter(|raw| raw.redelivered).count();
        if std::mem::replace(&mut self.after_silence, false) && lost > 0 {
            self.desk.metrics.was_deaf();
            tracing::warn!(queue = %W::QUEUE, messages = lost, "The broker delivered messages that did not arrive");
        }
    }
}

/// None when the process is to stop before.
async fn turn<W>(desk: &Desk<W>) -> Option<Turn> {
    let next = async {
        desk.context.relay.room().await;
        desk.turns.next().await
    };
    tokio::select! {
        turn = next => Some(turn),
        () = desk.context.lifecycle.stopping.cancelled() => None,
    }
}

/// For whoever follows one order with `RUST_LOG=info,messaging=debug`.
fn take_note<C>(queue: Queue, Delivery { header, attempt, .. }: &Delivery<C>) {
    let correlation_id = header.trace.correlation_id.as_str();
    tracing::debug!(%queue, message.id = %header.id, order.id = %header.subject, correlation_id, attempt, "Took a message");
}

pub(crate) async fn close(consumer: Consumer, channel: &Channel) {
    drop(consumer);
    if let Err(error) = within(ANSWER_LIMIT, channel.close(200, "the session ends".into())).await {
        tracing::debug!(%error, "The broker did not hear our goodbye");
    }
}

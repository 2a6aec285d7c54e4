//! The loop of one queue's consumer. A session lasts as long as its channel; after an error the next session begins,
//! with backoff, until the process stops.

use super::acknowledge::Acknowledger;
use super::batch::BatchProcessor;
use super::calls::{Answered, Calls};
use super::concurrency::{BatchLimiter, BatchPermit};
use super::decode::decode;
use super::isolate::Context;
use super::strategy::{BatchHandler, Round, Verdicts};
use super::unacked::Unacked;
use crate::broker::{BrokerConnections, BrokerError, ConsumingChannel, MessageSigner, SessionLoop};
use crate::handle::{Delivery, Verdict};
use crate::metrics::QueueMetrics;
use crate::topology::Scope;
use crate::unit_of_work::WriteContext;
use domain::messages::Queue;
use platform::lifecycle::Lifecycle;
use platform::telemetry::milliseconds;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long an ending session waits for its provider calls; the broker redelivers the messages of calls that take
/// longer.
const CALLS_LIMIT: Duration = Duration::from_secs(15);

/// The batch size and the prefetch count of a consumer.
#[derive(Debug, Clone, Copy)]
pub struct ConsumerSettings {
    /// Messages that are handled together at most.
    pub batch_max: u16,
    /// Unacked messages that the broker may deliver: one batch that is being processed, and the next one.
    pub prefetch: u16,
}

/// Why a session ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Stopping,
    /// Nothing was delivered for so long that the broker may have lost the consumer.
    Silent,
}

/// What a session handles next.
enum Event<C, A> {
    Delivered(Box<lapin::message::Delivery>),
    Answered(Vec<Answered<C, A>>),
    Ended(Ended),
}

struct Session<'a, H: BatchHandler> {
    processor: &'a BatchProcessor<H>,
    settings: ConsumerSettings,
    channel: ConsumingChannel,
    signer: MessageSigner,
    acknowledger: Acknowledger,
    unacked: Unacked,
    calls: Calls<H::Command, H::Answer>,
    active_at: Instant,
    /// The previous session ended as [`Ended::Silent`], and this one has received nothing yet.
    after_silence: bool,
}

impl Default for ConsumerSettings {
    fn default() -> Self {
        Self { batch_max: 256, prefetch: 512 }
    }
}

/// Consumes the queue of `handler` until the process stops.
pub async fn run<H: BatchHandler>(
    handler: H,
    write: WriteContext,
    connections: BrokerConnections,
    limiter: BatchLimiter,
    settings: ConsumerSettings,
    lifecycle: Lifecycle,
) {
    let context = Context::new(H::QUEUE, write, lifecycle.clone());
    let processor = BatchProcessor { handler, metrics: QueueMetrics::of(H::QUEUE), limiter, context };
    let (mut sessions, mut after_silence) = (SessionLoop::new(lifecycle), false);
    while sessions.is_running() {
        let session = session(&processor, &connections, settings, after_silence);
        let failed = |error| {
            processor.metrics.session_failed();
            tracing::warn!(%error, queue = %H::QUEUE, "A consumer session failed and is restarted");
        };
        after_silence = sessions.run(session, failed).await == Some(Ended::Silent);
    }
}

/// Returns `Ok` when the process stops; the broker then redelivers the unacked messages.
async fn session<H: BatchHandler>(
    processor: &BatchProcessor<H>,
    connections: &BrokerConnections,
    settings: ConsumerSettings,
    after_silence: bool,
) -> Result<Ended, BrokerError> {
    let queue: &str = H::QUEUE.into();
    let scope = Scope::Queue(H::QUEUE);
    let channel = ConsumingChannel::open(&connections.consuming, scope, queue.to_owned(), settings.prefetch).await?;
    if !after_silence {
        tracing::info!(queue, "Consuming");
    }
    let mut session = Session {
        processor,
        settings,
        channel,
        signer: connections.consuming.signer().clone(),
        acknowledger: Acknowledger::new(H::QUEUE, processor.context.write.pool.clone(), connections.publishing.clone()),
        unacked: Unacked::default(),
        calls: Calls::new(),
        active_at: Instant::now(),
        after_silence,
    };
    let ended = session.consume().await?;
    session.finish_calls().await?;
    session.channel.close().await;
    Ok(ended)
}

impl<H: BatchHandler> Session<'_, H> {
    async fn consume(&mut self) -> Result<Ended, BrokerError> {
        loop {
            let goes_on = match self.next().await? {
                Event::Delivered(first) => self.handle_batch(*first).await?,
                Event::Answered(answered) => self.settle_answered(answered).await?,
                Event::Ended(ended) => return Ok(ended),
            };
            if !goes_on {
                return Ok(Ended::Stopping);
            }
        }
    }

    async fn next(&mut self) -> Result<Event<H::Command, H::Answer>, BrokerError> {
        let first = self.channel.next(self.active_at);
        tokio::select! {
            first = first => Ok(first?.map_or(Event::Ended(Ended::Silent), |first| Event::Delivered(Box::new(first)))),
            answered = self.calls.late_answers() => Ok(Event::Answered(answered)),
            () = self.processor.context.lifecycle.stopping.cancelled() => Ok(Event::Ended(Ended::Stopping)),
        }
    }

    /// Returns false when the process stops before the batch is handled.
    async fn handle_batch(&mut self, first: lapin::message::Delivery) -> Result<bool, BrokerError> {
        let Some(mut permit) = acquire_permit(self.processor).await else { return Ok(false) };
        let deliveries = self.channel.ready_after(first, self.settings.batch_max.into())?;
        let (began, received) = (Instant::now(), deliveries.len());
        self.report_lost_deliveries(&deliveries);
        let (messages, mut verdicts) = self.decode_all(deliveries);
        // A batch of one message is logged with its order; at light load that is every batch.
        let single = messages.first().filter(|_| received == 1).map(|(_, message)| message.header.clone());
        let processed = self.processor.process(messages, &mut permit, &mut self.calls).await;
        let Some(processed) = processed else { return Ok(false) };
        let waited = permit.waited;
        drop(permit);
        verdicts.extend(processed);
        let summary = self.acknowledger.finish(&mut self.unacked, verdicts).await?;
        self.processor.metrics.batch_finished(summary, began.elapsed());
        self.active_at = Instant::now();
        tracing::info!(
            queue = %H::QUEUE,
            messages = received,
            done = summary.done,
            retried = summary.retried,
            dead = summary.dead,
            order.id = single.as_ref().map(|header| display(header.subject)),
            correlation_id = single.as_ref().map(|header| header.trace.correlation_id.as_str()),
            waited_ms = milliseconds(waited),
            duration_ms = milliseconds(began.elapsed()),
            "Handled a batch"
        );
        Ok(true)
    }

    /// The parsed messages, and a verdict for each delivery that could not be parsed.
    fn decode_all(&mut self, deliveries: Vec<lapin::message::Delivery>) -> (Round<H::Command>, Verdicts) {
        let mut messages = Vec::with_capacity(deliveries.len());
        let mut verdicts = Vec::with_capacity(deliveries.len());
        for raw in deliveries {
            match decode(&raw, &self.signer) {
                Ok(message) => {
                    log_received(H::QUEUE, &message);
                    messages.push((raw.delivery_tag, message));
                }
                Err(error) => verdicts.push((raw.delivery_tag, Verdict::Poison(error))),
            }
            self.unacked.insert(raw, &self.processor.metrics);
        }
        (messages, verdicts)
    }

    /// Settles late answers. Returns false when the process stops before that is done.
    async fn settle_answered(&mut self, answered: Vec<Answered<H::Command, H::Answer>>) -> Result<bool, BrokerError> {
        let (began, messages) = (Instant::now(), answered.len());
        let Some(verdicts) = self.processor.settle_answered(answered).await else { return Ok(false) };
        let summary = self.acknowledger.finish(&mut self.unacked, verdicts).await?;
        self.processor.metrics.batch_finished(summary, began.elapsed());
        tracing::info!(
            queue = %H::QUEUE,
            messages,
            done = summary.done,
            retried = summary.retried,
            dead = summary.dead,
            duration_ms = milliseconds(began.elapsed()),
            "Settled late answers"
        );
        Ok(true)
    }

    async fn finish_calls(&mut self) -> Result<(), BrokerError> {
        let limit = Instant::now() + CALLS_LIMIT;
        while !self.calls.is_empty() {
            let Ok(answered) = timeout_at(limit, self.calls.late_answers()).await else { break };
            if !self.settle_answered(answered).await? {
                break;
            }
        }
        Ok(())
    }

    /// Redelivered messages in the first batch after a silent session were delivered to that session's channel, but
    /// never arrived.
    fn report_lost_deliveries(&mut self, deliveries: &[lapin::message::Delivery]) {
        let lost = deliveries.iter().filter(|raw| raw.redelivered).count();
        if std::mem::replace(&mut self.after_silence, false) && lost > 0 {
            self.processor.metrics.deliveries_lost();
            tracing::warn!(queue = %H::QUEUE, messages = lost, "The broker delivered messages that did not arrive");
        }
    }
}

/// `None` when the process stops before a permit is available.
async fn acquire_permit<H>(processor: &BatchProcessor<H>) -> Option<BatchPermit> {
    let acquired = async {
        processor.context.write.relay.wait_for_capacity().await;
        processor.limiter.acquire().await
    };
    tokio::select! {
        permit = acquired => Some(permit),
        () = processor.context.lifecycle.stopping.cancelled() => None,
    }
}

/// For following one order through the logs with `RUST_LOG=info,messaging=debug`.
fn log_received<C>(queue: Queue, Delivery { header, attempt, .. }: &Delivery<C>) {
    let correlation_id = header.trace.correlation_id.as_str();
    tracing::debug!(
        %queue, message.id = %header.id, order.id = %header.subject, correlation_id, attempt, "Received a message"
    );
}

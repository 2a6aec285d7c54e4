//! One queue's loop: a session is a channel's life; when it breaks, the next one begins, with backoff, for ever.

use super::batch::Desk;
use super::decode::decode;
use super::letting_go::Exit;
use super::parts::Context;
use super::turns::{Turn, Turns};
use super::window;
use super::work::Work;
use crate::broker::{BrokerError, Links, within};
use crate::handle::{Delivery, Verdict};
use crate::metrics::QueueMetrics;
use crate::outbox::Relay;
use domain::messages::Queue;
use lapin::Consumer;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// How long to rest between sessions: doubling from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// How long the broker may take to answer whatever a session asks of it.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// A session that lasted so long was a good one: the next may begin at once.
const GOOD_SESSION: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy)]
pub struct ConsumerSettings {
    /// Messages that are handled together at most.
    pub batch_max: u16,
    /// Messages that the broker may send ahead of their acks: one batch at work and one behind it.
    pub prefetch: u16,
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
    let mut after = Ended::InOrder;
    while !lifecycle.stopping.is_cancelled() {
        let began = Instant::now();
        after = match session(&desk, &links, settings, after).await {
            Ok(ended) => ended,
            Err(error) => {
                if began.elapsed() > GOOD_SESSION {
                    backoff = BACKOFF_MIN;
                }
                desk.metrics.broke_off();
                tracing::warn!(%error, queue = %W::QUEUE, "Consuming broke off and begins anew");
                lifecycle.pause(backoff, std::future::pending()).await;
                backoff = (backoff * 2).min(BACKOFF_MAX);
                Ended::InOrder
            }
        };
    }
}

/// Why a session ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    InOrder,
    /// Nothing was delivered for so long that the broker may have forgotten the consumer.
    Silent,
}

/// Ends well when the process is to stop: what is unacked then goes back to the queue.
async fn session<W: Work>(
    desk: &Desk<W>,
    links: &Links,
    settings: ConsumerSettings,
    mut after: Ended,
) -> Result<Ended, BrokerError> {
    let queue: &str = W::QUEUE.into();
    // Always a new channel: registering again on one whose consumer was cancelled is broken on RabbitMQ 3.10.
    let channel = links.consuming.channel().await?;
    within(ANSWER_LIMIT, channel.basic_qos(settings.prefetch, BasicQosOptions::default())).await?;
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    let consuming = channel.basic_consume(queue.into(), "".into(), options, arguments);
    let mut consumer = within(ANSWER_LIMIT, consuming).await?;
    let mut exit = Exit::new(W::QUEUE, links.publishing.clone());
    if after == Ended::InOrder {
        tracing::info!(queue, "Consuming");
    }
    let ended = loop {
        let next = async {
            desk.context.relay.room().await;
            window::next(&mut consumer, queue, settings.batch_max.into(), desk.turns.next()).await
        };
        let received = tokio::select! {
            received = next => received?,
            () = desk.context.lifecycle.stopping.cancelled() => break Ended::InOrder,
        };
        let Some((window, turn)) = received else {
            tracing::debug!(queue, "Nothing was delivered for a while: the channel is renewed");
            break Ended::Silent;
        };
        note_deafness(desk, std::mem::replace(&mut after, Ended::InOrder), &window);
        if !handle_window(desk, &mut exit, &window, turn).await? {
            break Ended::InOrder;
        }
    };
    close(consumer, &channel).await;
    Ok(ended)
}

/// What a new channel is given a second time, after a silent one, was delivered to that one and never reached us.
fn note_deafness<W: Work>(desk: &Desk<W>, after: Ended, window: &[lapin::message::Delivery]) {
    let lost = window.iter().filter(|raw| raw.redelivered).count();
    if after == Ended::Silent && lost > 0 {
        desk.metrics.was_deaf();
        tracing::warn!(queue = %W::QUEUE, messages = lost, "The broker delivered messages that did not arrive");
    }
}

/// False when the process is to stop before the window is handled.
async fn handle_window<W: Work>(
    desk: &Desk<W>,
    exit: &mut Exit,
    window: &[lapin::message::Delivery],
    mut turn: Turn,
) -> Result<bool, BrokerError> {
    let (began, waited) = (Instant::now(), turn.waited);
    let _in_flight = desk.metrics.taken(window.len());
    let mut verdicts = vec![Verdict::Done; window.len()];
    let mut messages: Vec<(usize, Delivery<W::Command>)> = Vec::with_capacity(window.len());
    for (place, raw) in window.iter().enumerate() {
        match decode(raw) {
            Ok(message) => {
                take_note(W::QUEUE, &message);
                messages.push((place, message));
            }
            Err(error) => verdicts[place] = Verdict::Poison(error),
        }
    }
    // A batch of one is told whose it was; at light load that is every batch.
    let alone = messages.first().filter(|_| window.len() == 1).map(|(_, message)| message.header.clone());
    let Some(decided) = desk.decide(messages, &mut turn).await else { return Ok(false) };
    drop(turn);
    for (place, verdict) in decided {
        verdicts[place] = verdict;
    }
    let tally = exit.let_go(window, &verdicts).await?;
    let took = began.elapsed();
    desk.metrics.let_go(tally, took);
    tracing::info!(
        queue = %W::QUEUE,
        messages = window.len(),
        done = tally.done,
        retried = tally.retried,
        dead = tally.dead,
        order.id = alone.as_ref().map(|header| display(header.subject)),
        correlation_id = alone.as_ref().map(|header| header.trace.correlation_id.as_str()),
        waited_ms = platform::telemetry::milliseconds(waited),
        duration_ms = platform::telemetry::milliseconds(took),
        "Handled a batch"
    );
    Ok(true)
}

/// For whoever follows one order with `RUST_LOG=info,messaging=debug`.
fn take_note<C>(queue: Queue, Delivery { header, attempt, .. }: &Delivery<C>) {
    let correlation_id = header.trace.correlation_id.as_str();
    tracing::debug!(%queue, message.id = %header.id, order.id = %header.subject, correlation_id, attempt, "Took a message");
}

pub(crate) async fn close(consumer: Consumer, channel: &lapin::Channel) {
    drop(consumer);
    if let Err(error) = within(ANSWER_LIMIT, channel.close(200, "the process stops".into())).await {
        tracing::debug!(%error, "The broker did not hear our goodbye");
    }
}

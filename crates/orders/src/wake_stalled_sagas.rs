//! Advances sagas whose deadline has passed without a reply: the saga sends its command again, or gives up the step.
//!
//! This is why every order ends even if messages are lost: the broker's data may be deleted at any time. An attempt
//! counts only when a consumer has received its command. While the broker is unavailable, or a queue has no consumer,
//! that is impossible, and no step is given up.

use crate::apply_transition::{ChangeCause, apply, message_id};
use crate::changes::OrderChanges;
use crate::error::{AdvanceError, StoreError};
use crate::order_change::OrderChange;
use crate::store::lock_sagas::{self, LockedOrder};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::{MessageId, OrderId};
use domain::messages::Queue;
use domain::saga::TimeScale;
use messaging::{Outgoing, UnitOfWork, WriteContext, inbox, outbox};
use platform::telemetry::LogThrottle;
use sqlx::PgConnection;
use std::collections::HashSet;
use std::time::Duration;

/// The most sagas that one call wakes.
pub const WOKEN_MAX: u16 = 256;
/// How long the deadline of a saga that can't be advanced is postponed.
const FAILED_WAIT: Duration = Duration::from_mins(10);
/// How long the deadline of a saga whose queue has no consumer is postponed, before [`TimeScale`] is applied.
const UNATTENDED_WAIT: Duration = Duration::from_secs(30);
const ACTOR: &str = "scheduler";

static NOT_WOKEN_LOG: LogThrottle = LogThrottle::every(Duration::from_mins(1));

/// An order whose saga is past its deadline, or the reason why it can't be read.
type StalledOrder = (OrderId, Result<LockedOrder, StoreError>);

/// Advances up to `limit` sagas whose deadline has passed; returns how many there were. Concurrent calls are safe: each
/// locks other sagas. `unattended` are the queues without a consumer: their commands are still in the queue, and are
/// not sent again.
pub async fn wake_stalled_sagas(
    context: &WriteContext,
    unattended: &[Queue],
    now: Timestamp,
    limit: u16,
) -> Result<usize, StoreError> {
    let mut work = UnitOfWork::begin(context).await?;
    let time_scale = context.time_scale;
    if let Some(reason) = reason_not_to_wake(&mut work, unattended).await? {
        if NOT_WOKEN_LOG.is_due() {
            tracing::warn!("Sagas are not woken: {reason}");
        }
        return Ok(0);
    }
    let stalled = lock_sagas::lock_stalled(&mut work, now, limit.min(WOKEN_MAX).into()).await?;
    let woken = stalled.len();
    let (waiting, stalled): (Vec<_>, Vec<_>) = stalled.into_iter().partition(|order| waits_for(order, unattended));
    let waiting: Vec<_> = waiting.iter().map(|(order, _)| order.as_uuid()).collect();
    lock_sagas::postpone(&mut work, &waiting, now + time_scale.scale(UNATTENDED_WAIT)).await?;
    let received = received(&mut work, &stalled, now).await?;
    let (mut changes, mut failed) = (OrderChanges::default(), Vec::new());
    for (order_id, locked) in stalled {
        let correlation_id = locked.as_ref().ok().map(|locked| locked.trace.correlation_id.clone());
        match wake(locked, &received, time_scale, now) {
            Ok(Applied::Changed((change, messages))) => {
                changes.0.push(change);
                work.send(messages);
            }
            Ok(Applied::Unchanged) => failed.push(order_id.as_uuid()),
            Err(error) => {
                tracing::error!(order.id = %order_id, correlation_id,
                    "The saga of order {order_id} can't be advanced: {error}");
                failed.push(order_id.as_uuid());
            }
        }
    }
    lock_sagas::postpone(&mut work, &failed, now + FAILED_WAIT).await?;
    work.commit(changes, now).await?;
    Ok(woken)
}

/// The reason why no command could get a reply at the moment, if there is one.
pub(crate) async fn reason_not_to_wake(
    tx: &mut PgConnection,
    unattended: &[Queue],
) -> sqlx::Result<Option<&'static str>> {
    if unattended.contains(&Queue::Orders) {
        return Ok(Some("the queue of their replies has no consumer"));
    }
    Ok(outbox::is_stalled(tx).await?.then_some("the messages in the outbox are not published"))
}

fn waits_for((_order, locked): &StalledOrder, unattended: &[Queue]) -> bool {
    let awaited = locked.as_ref().map_or(&[][..], |locked| locked.saga.awaited_queues());
    awaited.iter().any(|queue| unattended.contains(queue))
}

/// The open commands of `stalled` that a consumer has received.
async fn received(tx: &mut PgConnection, stalled: &[StalledOrder], now: Timestamp) -> sqlx::Result<HashSet<MessageId>> {
    let locked = stalled.iter().filter_map(|(_order, locked)| locked.as_ref().ok());
    let open: Vec<MessageId> = locked.filter_map(open_command).collect();
    if open.is_empty() { Ok(HashSet::new()) } else { inbox::received(tx, &open, now).await }
}

fn open_command(LockedOrder { order, saga, .. }: &LockedOrder) -> Option<MessageId> {
    saga.open_command(order).map(|command| message_id(order.id, &command))
}

fn wake(
    locked: Result<LockedOrder, StoreError>,
    received: &HashSet<MessageId>,
    time_scale: TimeScale,
    now: Timestamp,
) -> Result<Applied<(OrderChange, Vec<Outgoing>)>, AdvanceError> {
    let locked = locked?;
    let was_received = open_command(&locked).is_none_or(|id| received.contains(&id));
    let LockedOrder { order, saga, trace, .. } = locked;
    let Applied::Changed(transition) = saga.on_deadline(&order, was_received) else {
        return Ok(Applied::Unchanged);
    };
    let cause = ChangeCause { message_id: None, actor: Some(ACTOR.to_owned()), trace };
    Ok(Applied::Changed(apply(order, transition, cause, time_scale, now)?))
}

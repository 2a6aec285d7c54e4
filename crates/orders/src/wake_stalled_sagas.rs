//! Silence moves an order, too: whoever heard nothing until the deadline asks again, or gives up.
//!
//! This is what carries every order to its end though messages be lost: the broker may be wiped at any time. An attempt
//! counts only when somebody has received its command: while the broker is away, or a queue has no consumer, nobody
//! could, and then no step is given up.

use crate::apply_transition::{Because, apply, id_of};
use crate::commit_changes::commit_moves;
use crate::error::StoreError;
use crate::store::lock_sagas::{self, Moved, Standing};
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::messages::Queue;
use domain::order::Applied;
use domain::saga::{Pace, SagaError};
use messaging::{Outgoing, Relay, inbox, outbox};
use platform::telemetry::Seldom;
use sqlx::{PgConnection, PgPool};
use std::collections::HashSet;
use std::time::Duration;

/// The most sagas that one call wakes.
pub const WOKEN_MAX: u16 = 256;
/// When to look again at an order that can't be moved.
const POSTPONED: Duration = Duration::from_mins(10);
/// When to look again at an order whose queue has no consumer, at the usual pace.
const UNATTENDED_WAIT: Duration = Duration::from_secs(30);
const ACTOR: &str = "scheduler";

static NOT_WOKEN: Seldom = Seldom::every(Duration::from_mins(1));

/// An order past its deadline, or why it can't be read.
type Stalled = (OrderId, Result<Standing, StoreError>);

/// Moves up to `limit` orders whose deadline has passed; returns how many there were. Several may call it at once:
/// each takes others. `unattended` are the queues without a consumer: their commands stay where they are, and are not
/// sent again on top of themselves.
pub async fn wake_stalled_sagas(
    pool: &PgPool,
    relay: &Relay,
    pace: Pace,
    unattended: &[Queue],
    now: Timestamp,
    limit: u16,
) -> Result<usize, StoreError> {
    let mut tx = platform::postgres::begin(pool).await?;
    if let Some(reason) = nobody_hears(&mut tx, unattended).await? {
        if NOT_WOKEN.is_due() {
            tracing::warn!("Sagas are not woken: {reason}");
        }
        return Ok(0);
    }
    let stalled = lock_sagas::lock_stalled(&mut tx, now, limit.min(WOKEN_MAX).into()).await?;
    let woken = stalled.len();
    let (waiting, stalled): (Vec<_>, Vec<_>) = stalled.into_iter().partition(|one| waits_for(one, unattended));
    let waiting: Vec<_> = waiting.iter().map(|(order, _)| order.as_uuid()).collect();
    lock_sagas::postpone(&mut tx, &waiting, now + pace.of(UNATTENDED_WAIT)).await?;
    let received = received(&mut tx, &stalled).await?;
    let (mut moved, mut outgoing, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    for (order, standing) in stalled {
        let correlation_id = standing.as_ref().ok().map(|standing| standing.trace.correlation_id.clone());
        match wake(standing, &received, pace, now) {
            Ok(Applied::Now((order, messages))) => {
                moved.push(order);
                outgoing.extend(messages);
            }
            Ok(Applied::Already) => lost.push(order.as_uuid()),
            Err(problem) => {
                tracing::error!(order.id = %order, correlation_id, "Order {order} can't be moved: {problem}");
                lost.push(order.as_uuid());
            }
        }
    }
    lock_sagas::postpone(&mut tx, &lost, now + POSTPONED).await?;
    commit_moves(tx, &moved, outgoing, relay, now).await?;
    Ok(woken)
}

/// Why nobody could answer at the moment, whatever was asked.
async fn nobody_hears(tx: &mut PgConnection, unattended: &[Queue]) -> sqlx::Result<Option<&'static str>> {
    if unattended.contains(&Queue::Orders) {
        return Ok(Some("nobody consumes the queue of their replies"));
    }
    Ok(outbox::is_stalled(tx).await?.then_some("the outbox is not carried away"))
}

fn waits_for((_order, standing): &Stalled, unattended: &[Queue]) -> bool {
    let awaited = standing.as_ref().map_or(&[][..], |standing| standing.saga.awaited_queues());
    awaited.iter().any(|queue| unattended.contains(queue))
}

/// The open commands among those of `stalled` that somebody has received.
async fn received(tx: &mut PgConnection, stalled: &[Stalled]) -> sqlx::Result<HashSet<MessageId>> {
    let standings = stalled.iter().filter_map(|(_order, standing)| standing.as_ref().ok());
    let open: Vec<MessageId> = standings.filter_map(open_command).collect();
    if open.is_empty() { Ok(HashSet::new()) } else { inbox::received(tx, &open).await }
}

fn open_command(Standing { order, saga, .. }: &Standing) -> Option<MessageId> {
    saga.open_command(order).map(|command| id_of(order.id, &command))
}

#[derive(Debug, thiserror::Error)]
enum WakeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Saga(#[from] SagaError),
}

fn wake(
    standing: Result<Standing, StoreError>,
    received: &HashSet<MessageId>,
    pace: Pace,
    now: Timestamp,
) -> Result<Applied<(Moved, Vec<Outgoing>)>, WakeError> {
    let standing = standing?;
    let was_received = open_command(&standing).is_none_or(|id| received.contains(&id));
    let Standing { order, saga, trace, .. } = standing;
    let Applied::Now(advance) = saga.on_deadline(&order, was_received) else {
        return Ok(Applied::Already);
    };
    let because = Because { cause: None, actor: Some(ACTOR.to_owned()), trace };
    Ok(Applied::Now(apply(order, advance, because, pace, now)?))
}

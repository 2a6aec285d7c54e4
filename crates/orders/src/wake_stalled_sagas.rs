//! Silence moves an order, too: whoever heard nothing until the deadline asks again, or gives up.
//!
//! This is what carries every order to its end though messages be lost: the broker may be wiped at any time. While the
//! broker is away, though, nobody could have heard the questions: then no patience is lost, and no step given up.

use crate::apply_advance::{Because, apply};
use crate::commit_moves::commit_moves;
use crate::error::StoreError;
use crate::store::saga::{self, Moved, Standing};
use domain::Timestamp;
use domain::order::Applied;
use domain::saga::{Pace, SagaError};
use messaging::{Outgoing, Relay, outbox};
use sqlx::PgPool;
use std::time::Duration;

/// The most sagas that one call wakes.
pub const WOKEN_MAX: u16 = 256;
/// When to look again at an order that can't be moved.
const POSTPONED: Duration = Duration::from_mins(10);
const ACTOR: &str = "scheduler";

/// Moves up to `limit` orders whose deadline has passed; returns how many there were. Several may call it at once:
/// each takes others.
pub async fn wake_stalled_sagas(
    pool: &PgPool,
    relay: &Relay,
    pace: Pace,
    now: Timestamp,
    limit: u16,
) -> Result<usize, StoreError> {
    let mut tx = platform::postgres::begin(pool).await?;
    if outbox::is_stalled(&mut tx).await? {
        tracing::warn!("Sagas are not woken: the outbox is not carried away");
        return Ok(0);
    }
    let stalled = saga::lock_stalled(&mut tx, now, limit.min(WOKEN_MAX).into()).await?;
    let woken = stalled.len();
    let (mut moved, mut outgoing, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    for (order, standing) in stalled {
        let correlation_id = standing.as_ref().ok().map(|standing| standing.trace.correlation_id.clone());
        match wake(standing, pace, now) {
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
    saga::postpone(&mut tx, &lost, now + POSTPONED).await?;
    commit_moves(tx, &moved, outgoing, relay, now).await?;
    Ok(woken)
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
    pace: Pace,
    now: Timestamp,
) -> Result<Applied<(Moved, Vec<Outgoing>)>, WakeError> {
    let Standing { order, saga, trace, .. } = standing?;
    let Applied::Now(advance) = saga.on_deadline(&order) else {
        return Ok(Applied::Already);
    };
    let because = Because { cause: None, actor: Some(ACTOR.to_owned()), trace };
    Ok(Applied::Now(apply(order, advance, because, pace, now)?))
}

//! Scheduled task: reauthorizes payments before their authorization expires at the gateway, as long as something of the
//! order is left to capture.

use crate::apply_transition::{ChangeCause, apply};
use crate::changes::OrderChanges;
use crate::error::{AdvanceError, StoreError};
use crate::order_change::OrderChange;
use crate::store::lock_sagas::{self, LockedOrder};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::saga::TimeScale;
use messaging::{Outgoing, UnitOfWork, WriteContext, outbox};

const ACTOR: &str = "scheduler";

/// Settings of the task.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct AuthorizationArgs {
    /// How long an authorization lasts at the payment gateway, in seconds: its payment is reauthorized after three quarters
    /// of that, if something is left to capture. 0: never.
    #[arg(long, env, default_value_t = 604_800, value_parser = clap::value_parser!(u32).range(0..=31_536_000))]
    pub authorization_ttl_seconds: u32,
}

impl AuthorizationArgs {
    /// The age of an authorization after which its payment is reauthorized; `None` if none is.
    pub fn reauthorized_after(self) -> Option<TimeDelta> {
        let ttl = TimeDelta::seconds(self.authorization_ttl_seconds.into());
        (ttl > TimeDelta::zero()).then(|| ttl * 3 / 4)
    }
}

/// Checks up to `limit` orders whose authorization is older than that, and was not checked since; returns how many there
/// were. Concurrent calls are safe: each locks other orders.
pub async fn reauthorize_payments(
    context: &WriteContext,
    reauthorized_after: TimeDelta,
    now: Timestamp,
    limit: u16,
) -> Result<usize, StoreError> {
    let mut work = UnitOfWork::begin(context).await?;
    if outbox::is_stalled(&mut work).await? {
        return Ok(0);
    }
    let due = lock_sagas::lock_authorized_before(&mut work, now - reauthorized_after, limit.into()).await?;
    let (count, mut changes) = (due.len(), OrderChanges::default());
    for (order_id, locked) in due {
        match check(locked, context.time_scale, now) {
            Ok((change, messages)) => {
                changes.0.push(change);
                work.send(messages);
            }
            Err(error) => {
                tracing::error!(order.id = %order_id, "The authorization of order {order_id} can't be renewed: {error}");
            }
        }
    }
    work.commit(changes, now).await?;
    Ok(count)
}

fn check(
    locked: Result<LockedOrder, StoreError>,
    time_scale: TimeScale,
    now: Timestamp,
) -> Result<(OrderChange, Vec<Outgoing>), AdvanceError> {
    let LockedOrder { order, saga, trace, .. } = locked?;
    let transition = saga.on_authorization_due(&order, now);
    let cause = ChangeCause { message_id: None, actor: Some(ACTOR.to_owned()), trace };
    Ok(apply(order, transition, cause, time_scale, now)?)
}

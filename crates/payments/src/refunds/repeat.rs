//! Outcomes that the order may not have received. The outbox loses no message before the broker has confirmed it, but the
//! broker's data may be deleted with a reply that nobody has received yet, and no saga waits for refunds.

use super::outcome::outcome_message;
use crate::error::PaymentsError;
use crate::store::{self, Repeats};
use domain::Timestamp;
use messaging::{Trace, UnitOfWork};
use std::time::Duration;

/// The outcome is published again for the second and last time: an outage of its consumer, in which it may have been
/// lost with its first repetition, is over by then.
const SECOND_REPEAT_AFTER: Duration = Duration::from_hours(24);
/// Outcomes are published again for this long; `verify` names those that their orders have still not recorded.
const REPEATED_FOR: Duration = Duration::from_hours(48);

/// Publishes at most `limit` outcomes again: each once after `first_after`, and once after a day.
pub(crate) async fn repeat_outcomes(
    work: &mut UnitOfWork,
    first_after: Duration,
    trace: &Trace,
    now: Timestamp,
    limit: u32,
) -> Result<(), PaymentsError> {
    let repeats = Repeats { first_after, second_after: SECOND_REPEAT_AFTER, kept_for: REPEATED_FOR };
    let claimed = store::claim_outcomes_to_repeat(work, &repeats, now, limit).await?;
    let orders: Vec<_> = claimed.iter().map(|(order, _refund)| *order).collect();
    let refunds = store::find_refunds(work, &orders).await?.into_values().flatten();
    let claimed = refunds.filter(|refund| claimed.contains(&(refund.order_id, refund.id)));
    let outcomes = claimed.filter_map(|refund| outcome_message(&refund, trace.clone(), now));
    work.send(outcomes.collect::<Vec<_>>());
    Ok(())
}

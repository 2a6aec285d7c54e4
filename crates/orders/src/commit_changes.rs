//! Commits changes of orders that a request or a deadline causes: stores them with their messages, commits, updates the
//! metrics, and passes the messages to the relay.

use crate::error::StoreError;
use crate::metrics::TerminalCounts;
use crate::order_change::OrderChange;
use crate::store::save_changes;
use domain::Timestamp;
use messaging::{Outgoing, RelayHandle, outbox};
use sqlx::{Postgres, Transaction};

/// Saves `changes`, appends `outgoing` to the outbox, commits, and has `relay` publish the messages.
pub(crate) async fn commit_changes(
    mut tx: Transaction<'_, Postgres>,
    changes: &[OrderChange],
    outgoing: Vec<Outgoing>,
    relay: &RelayHandle,
    now: Timestamp,
) -> Result<(), StoreError> {
    save_changes::save(&mut tx, changes, now).await?;
    let leased = outbox::append(&mut tx, outgoing, relay).await?;
    tx.commit().await?;
    TerminalCounts::of(changes, now).count();
    relay.publish(leased);
    Ok(())
}

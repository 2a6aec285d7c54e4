//! The last of every move that a request or a deadline makes: stored, committed, counted, told.

use crate::error::StoreError;
use crate::metrics::Ends;
use crate::store::lock_sagas::Moved;
use crate::store::save_changes;
use domain::Timestamp;
use messaging::{Outgoing, Relay, outbox};
use sqlx::{Postgres, Transaction};

/// Saves the moves with what is said of them, commits, and has `relay` carry it.
pub(crate) async fn commit_moves(
    mut tx: Transaction<'_, Postgres>,
    moved: &[Moved],
    outgoing: Vec<Outgoing>,
    relay: &Relay,
    now: Timestamp,
) -> Result<(), StoreError> {
    save_changes::save(&mut tx, moved, now).await?;
    let parcel = outbox::append(&mut tx, outgoing, relay).await?;
    tx.commit().await?;
    Ends::of(moved, now).count();
    relay.carry(parcel);
    Ok(())
}

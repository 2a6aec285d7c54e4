//! What a batch of commands writes.

use crate::StoreError;
use crate::store::{self, NewDecision, OrderLine, ReservationUpdate};
use domain::Timestamp;
use domain::inventory::LedgerEntry;
use messaging::Changes;
use sqlx::PgConnection;

#[derive(Debug, Default)]
pub struct StockChanges {
    pub(crate) entries: Vec<LedgerEntry>,
    pub(crate) new_lines: Vec<OrderLine>,
    /// Released, reduced or shipped lines, in their new state.
    pub(crate) changed_lines: Vec<OrderLine>,
    pub(crate) reservations: Vec<ReservationUpdate>,
    pub(crate) decisions: Vec<NewDecision>,
}

impl Changes for StockChanges {
    type Error = StoreError;

    async fn save(&self, tx: &mut PgConnection, now: Timestamp) -> Result<(), StoreError> {
        store::apply_entries(tx, &self.entries, now).await?;
        store::insert_lines(tx, &self.new_lines).await?;
        store::update_lines(tx, &self.changed_lines).await?;
        store::update_reservations(tx, &self.reservations, now).await?;
        store::insert_decisions(tx, &self.decisions).await
    }
}

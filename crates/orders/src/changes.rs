//! What this slice writes at the end of a transaction, except for new orders.

use crate::error::StoreError;
use crate::metrics::TerminalCounts;
use crate::order_change::OrderChange;
use crate::store::save_changes;
use domain::Timestamp;
use messaging::Changes;
use sqlx::PgConnection;

/// The changes of orders and their sagas.
#[derive(Debug, Default)]
pub struct OrderChanges(pub(crate) Vec<OrderChange>);

impl Changes for OrderChanges {
    type Error = StoreError;

    async fn save(&self, tx: &mut PgConnection, now: Timestamp) -> Result<(), StoreError> {
        save_changes::save(tx, &self.0, now).await
    }

    fn committed(self, now: Timestamp) {
        TerminalCounts::of(&self.0, now).count();
    }
}

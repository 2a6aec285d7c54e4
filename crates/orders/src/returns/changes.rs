//! What this slice writes of returns at the end of a transaction, except for new ones.

use crate::error::StoreError;
use crate::return_model::ReturnChange;
use crate::store::save_returns;
use domain::Timestamp;
use messaging::Changes;
use sqlx::PgConnection;

/// Changes of returns whose orders are locked.
#[derive(Debug, Default)]
pub struct ReturnChanges(pub Vec<ReturnChange>);

impl Changes for ReturnChanges {
    type Error = StoreError;

    async fn save(&self, tx: &mut PgConnection, now: Timestamp) -> Result<(), StoreError> {
        save_returns::save(tx, &self.0, now).await
    }
}

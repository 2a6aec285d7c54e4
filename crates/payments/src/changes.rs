//! What a batch of commands writes, before its gateway calls and after them.

use crate::error::PaymentsError;
use crate::store::{self, CausedEntry, Refund, SettledOperation, StartedOperation, StoredPayment};
use domain::Timestamp;
use domain::ids::{OrderId, ProviderKey};
use messaging::Changes;
use sqlx::PgConnection;

#[derive(Debug, Default)]
pub struct PaymentChanges {
    pub(crate) payments: Vec<StoredPayment>,
    /// What the changes of the payments moved.
    pub(crate) entries: Vec<CausedEntry>,
    /// Operations whose gateway calls are about to be made.
    pub(crate) started: Vec<StartedOperation>,
    /// Operations with the outcome of their gateway calls.
    pub(crate) settled: Vec<SettledOperation>,
    pub(crate) new_refunds: Vec<Refund>,
    /// Declined captures that a person gave up.
    pub(crate) written_off: Vec<(OrderId, ProviderKey)>,
    /// Refunds with a new status.
    pub(crate) refunds: Vec<Refund>,
}

impl Changes for PaymentChanges {
    type Error = PaymentsError;

    async fn save(&self, tx: &mut PgConnection, now: Timestamp) -> Result<(), PaymentsError> {
        store::save(tx, (&self.payments, &self.entries), &self.settled, now).await?;
        store::write_off_captures(tx, &self.written_off, now).await?;
        store::save_refunds(tx, &self.refunds, now).await?;
        for refund in &self.new_refunds {
            store::insert_refund(tx, refund).await?;
        }
        store::start_operations(tx, &self.started, now).await
    }
}

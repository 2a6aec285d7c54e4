//! The interface to the stored responses of requests with an idempotency key. A response is stored in the transaction
//! of the change: after a crash there are both or neither, so a repeated request never has its effect twice.

use crate::audit::NoAudit;
use sqlx::PgConnection;

/// Stores the response to a request. A use case passes its outcome before it commits; after an error it must roll back.
pub trait ResponseSink<T>: Send + Sync {
    fn store_response(&self, tx: &mut PgConnection, outcome: &T) -> impl Future<Output = sqlx::Result<()>> + Send;
}

impl<T: Sync> ResponseSink<T> for NoAudit {
    async fn store_response(&self, _tx: &mut PgConnection, _outcome: &T) -> sqlx::Result<()> {
        Ok(())
    }
}

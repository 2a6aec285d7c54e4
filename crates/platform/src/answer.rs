//! The answer to a request, stored in the transaction of what the request changes: after a crash there are both or
//! neither, so a repeated request never has its effect twice.

use crate::audit::Unwitnessed;
use sqlx::PgConnection;

/// Stores the answer that a use case is about to give. The use case shows its outcome before it commits; an error means
/// that it must roll back.
pub trait AnswerSink<T>: Send + Sync {
    fn keep(&self, tx: &mut PgConnection, outcome: &T) -> impl Future<Output = sqlx::Result<()>> + Send;
}

impl<T: Sync> AnswerSink<T> for Unwitnessed {
    async fn keep(&self, _tx: &mut PgConnection, _outcome: &T) -> sqlx::Result<()> {
        Ok(())
    }
}

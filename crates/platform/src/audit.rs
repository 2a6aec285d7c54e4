//! Who writes down what people change. It is asked inside the transaction of the change: there is no change without its
//! record, and no record without its change.

use serde_json::Value;
use sqlx::PgConnection;

/// What somebody changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The deed: `product.update`, `stock.adjust`, ...
    pub action: &'static str,
    /// What it was done to: `product:<sku>`, `user:<id>`, ...
    pub subject: String,
    /// Why, in their words.
    pub reason: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// Whoever takes a witness shows it the change before committing it.
pub trait Witness: Send + Sync {
    fn note(&self, tx: &mut PgConnection, change: Change) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// For what no person does: seeds, simulations, tests.
#[derive(Debug, Clone, Copy)]
pub struct Unwitnessed;

impl Witness for Unwitnessed {
    async fn note(&self, _tx: &mut PgConnection, _change: Change) -> sqlx::Result<()> {
        Ok(())
    }
}

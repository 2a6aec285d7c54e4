//! Where shipping gets the recipients of orders from.
//!
//! Messages never contain an address: no queue, dead letter, failed job or log can then hold one, and erasing the one row
//! of the slice that owns it erases it everywhere. An encrypted message would outlive both the erasure and its key.

use crate::error::ShippingError;
use async_trait::async_trait;
use domain::ids::OrderId;
use domain::order::Recipient;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::fmt::Debug;

/// The process that runs this slice connects it to the slice that owns the recipients.
#[async_trait]
pub trait RecipientSource: Debug + Send + Sync + 'static {
    /// The recipients of those of `orders` that have one which was not erased. `connection` is that of the open
    /// transaction: a source in another database uses its own.
    async fn find(
        &self,
        connection: &mut PgConnection,
        orders: &[OrderId],
    ) -> Result<HashMap<OrderId, Recipient>, ShippingError>;
}

//! Connects shipping to the recipients of orders, which the orders slice owns.

use async_trait::async_trait;
use domain::ids::OrderId;
use domain::order::Recipient;
use orders::StoreError;
use shipping::{RecipientSource, ShippingError};
use sqlx::PgConnection;
use std::collections::HashMap;

/// Reads schema `orders` in the database of the worker.
#[derive(Debug)]
pub struct OrderRecipients;

#[async_trait]
impl RecipientSource for OrderRecipients {
    async fn find(
        &self,
        connection: &mut PgConnection,
        orders: &[OrderId],
    ) -> Result<HashMap<OrderId, Recipient>, ShippingError> {
        orders::find_recipients(connection, orders).await.map_err(|error| match error {
            StoreError::Database(error) => error.into(),
            StoreError::Inconsistent(error) => error.into(),
        })
    }
}

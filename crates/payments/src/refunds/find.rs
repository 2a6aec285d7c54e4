//! Queries: the refunds of an order, and what a refund would amount to.

use super::error::RefundError;
use crate::error::PaymentsError;
use crate::store::{self, Refund};
use domain::ids::OrderId;
use domain::money::Money;
use domain::payment::Balance;
use domain::refund::{EarlierRefunds, LineUnits, RefundQuote, RefundRefusal, RefundScope, Refundable};
use sqlx::PgPool;

/// The refunds of an order, the oldest first.
pub async fn find_refunds(pool: &PgPool, order_id: OrderId) -> Result<Vec<Refund>, PaymentsError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let mut refunds = store::find_refunds(&mut connection, &[order_id]).await?;
    Ok(refunds.remove(&order_id).unwrap_or_default())
}

/// What [`super::request_refund`] would refund now, and the amount with its currency. Changes nothing.
pub async fn preview_refund(
    pool: &PgPool,
    order_id: OrderId,
    order: &Refundable,
    scope: &RefundScope,
) -> Result<(RefundQuote, Money), RefundError> {
    let quote = |earlier: &EarlierRefunds, balance: &Balance| {
        RefundQuote::of(order, earlier, (balance.captured_minor, balance.refundable_minor()), scope)
    };
    preview(pool, order_id, quote).await
}

/// What would be refunded now if these units came back. Changes nothing.
pub async fn preview_return(
    pool: &PgPool,
    order_id: OrderId,
    order: &Refundable,
    units: &[LineUnits],
) -> Result<(RefundQuote, Money), RefundError> {
    let quote = |earlier: &EarlierRefunds, balance: &Balance| {
        RefundQuote::of_return(order, earlier, (balance.captured_minor, balance.refundable_minor()), units)
    };
    preview(pool, order_id, quote).await
}

async fn preview(
    pool: &PgPool,
    order_id: OrderId,
    quote: impl FnOnce(&EarlierRefunds, &Balance) -> Result<RefundQuote, RefundRefusal>,
) -> Result<(RefundQuote, Money), RefundError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let row = store::find_payment(&mut connection, order_id).await?.ok_or(RefundRefusal::NothingLeft)?;
    let operations = store::find_operations(&mut connection, &[order_id]).await?.remove(&order_id);
    let payment = row.with(operations.unwrap_or_default())?.payment;
    let balance = payment.balance().ok_or(RefundRefusal::NothingLeft)?;
    let refunds = store::find_refunds(&mut connection, &[order_id]).await?.remove(&order_id).unwrap_or_default();
    let quote = quote(&Refund::earlier(&refunds), balance)?;
    let amount = Money { amount_minor: quote.amount_minor, ..balance.amount };
    payment.clone().refund("preview".to_owned(), amount)?;
    Ok((quote, amount))
}

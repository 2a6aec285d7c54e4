//! Counts the open unpaid orders of a customer.

use domain::ids::UserId;
use sqlx::PgConnection;

/// Orders and their units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct UnpaidOrders {
    pub orders: u64,
    pub units: u64,
}

impl UnpaidOrders {
    pub const UNLIMITED: Self = Self { orders: u64::MAX, units: u64::MAX };

    pub fn plus(self, other: Self) -> Self {
        Self { orders: self.orders.saturating_add(other.orders), units: self.units.saturating_add(other.units) }
    }

    pub fn minus(self, other: Self) -> Self {
        Self { orders: self.orders.saturating_sub(other.orders), units: self.units.saturating_sub(other.units) }
    }

    /// One of `parts` equal parts.
    pub fn share(self, parts: u64) -> Self {
        Self { orders: self.orders / parts, units: self.units / parts }
    }

    pub fn is_within(self, max: Self) -> bool {
        self.orders <= max.orders && self.units <= max.units
    }
}

/// Counts the unpaid ones among the `newest` orders of the customer.
pub(crate) async fn count_unpaid(
    connection: &mut PgConnection,
    customer: UserId,
    newest: u64,
) -> sqlx::Result<UnpaidOrders> {
    let counted = sqlx::query!(
        r#"SELECT count(DISTINCT newest.id) AS "orders!", coalesce(sum(items.quantity), 0)::bigint AS "units!"
           FROM (SELECT id, status, payment_status FROM orders.orders
                 WHERE customer_id = $1 ORDER BY id DESC LIMIT $2) AS newest
           JOIN orders.items ON items.order_id = newest.id
           WHERE newest.status = 'pending' AND newest.payment_status = 'unpaid'"#,
        customer.as_uuid(),
        i64::try_from(newest).unwrap_or(i64::MAX)
    );
    let counted = counted.fetch_one(connection).await?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(UnpaidOrders { orders: count(counted.orders), units: count(counted.units) })
}

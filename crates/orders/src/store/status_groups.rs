//! The column `status_group`: a number of the pair of an order's statuses, 0 until it is shipped or undone. An index has
//! the orders of each group in the order of the pages, so a page of a filter by status is merged from the first rows of
//! each of its groups. The status itself changes too often for an index.

use domain::order::{OrderPaymentStatus, OrderStatus};
use std::collections::BTreeSet;
use strum::IntoEnumIterator;

/// Orders of several statuses, which have to be compared, too. The only group that an order is in for long enough to be
/// updated often.
pub(super) const OPEN: i16 = 0;

pub(super) fn status_group(status: OrderStatus, payment: OrderPaymentStatus) -> i16 {
    let is_open = matches!(status, OrderStatus::Pending | OrderStatus::Confirmed);
    match payment {
        OrderPaymentStatus::Unpaid | OrderPaymentStatus::Authorized if is_open => OPEN,
        payment => status_number(status) * 10 + payment_number(payment),
    }
}

/// The groups of the orders with these statuses. None mean all of them.
pub(super) fn groups_of(statuses: &[OrderStatus], payments: &[OrderPaymentStatus]) -> Vec<i16> {
    let statuses: Vec<_> = OrderStatus::iter().filter(|it| statuses.is_empty() || statuses.contains(it)).collect();
    let payments = OrderPaymentStatus::iter().filter(|it| payments.is_empty() || payments.contains(it));
    let groups: BTreeSet<_> =
        payments.flat_map(|payment| statuses.iter().map(move |it| status_group(*it, payment))).collect();
    groups.into_iter().collect()
}

/// Stored, so it never changes.
const fn status_number(status: OrderStatus) -> i16 {
    match status {
        OrderStatus::Pending => 1,
        OrderStatus::Confirmed => 2,
        OrderStatus::Shipped => 3,
        OrderStatus::Delivered => 4,
        OrderStatus::Rejected => 5,
        OrderStatus::Cancelling => 6,
        OrderStatus::Cancelled => 7,
    }
}

/// Stored, so it never changes.
const fn payment_number(payment: OrderPaymentStatus) -> i16 {
    match payment {
        OrderPaymentStatus::Unpaid => 1,
        OrderPaymentStatus::Authorized => 2,
        OrderPaymentStatus::Declined => 3,
        OrderPaymentStatus::PartlyCaptured => 4,
        OrderPaymentStatus::Captured => 5,
        OrderPaymentStatus::Voided => 6,
        OrderPaymentStatus::Refunded => 7,
        OrderPaymentStatus::PartlyRefunded => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::PgPool;

    #[test]
    fn open_orders_share_one_group() {
        let open = [OrderStatus::Pending, OrderStatus::Confirmed];
        assert_eq!(groups_of(&open, &[OrderPaymentStatus::Unpaid]), [OPEN]);
        assert_eq!(groups_of(&open, &[OrderPaymentStatus::Voided]), [16, 26]);
    }

    #[test]
    fn a_status_has_a_group_for_each_payment_status() {
        assert_eq!(groups_of(&[OrderStatus::Delivered], &[]), [41, 42, 43, 44, 45, 46, 47, 48]);
        assert_eq!(groups_of(&[], &[OrderPaymentStatus::Refunded]), [17, 27, 37, 47, 57, 67, 77]);
    }

    /// The payment statuses that existed before the migration.
    fn payments_before() -> impl Iterator<Item = OrderPaymentStatus> {
        OrderPaymentStatus::iter().filter(|payment| *payment != OrderPaymentStatus::PartlyRefunded)
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_migration_gives_every_existing_order_its_group(pool: PgPool) {
        let insert = "INSERT INTO orders.orders (id, customer_id, status, payment_status, fulfilment_status, currency,
                                                 total_minor, payment_method, version, created_at, updated_at)
                      VALUES (gen_random_uuid(), gen_random_uuid(), $1, $2, 'allocated', 'USD', 1, 'sim_ok', 1, now(),
                              now())";
        for status in OrderStatus::iter() {
            for payment in payments_before() {
                let (status, payment): (&str, &str) = (status.into(), payment.into());
                sqlx::query(insert).bind(status).bind(payment).execute(&pool).await.expect("inserted");
            }
        }

        let fill = include_str!("../../../../migrations/20261128010401_orders_filters_fill.sql");
        sqlx::raw_sql(fill).execute(&pool).await.expect("filled");

        let rows: Vec<(String, String, i16)> =
            sqlx::query_as("SELECT status, payment_status, status_group FROM orders.orders")
                .fetch_all(&pool)
                .await
                .expect("rows");
        assert_eq!(rows.len(), OrderStatus::iter().count() * payments_before().count());
        for (status, payment, stored) in rows {
            let expected = status_group(status.parse().expect("a status"), payment.parse().expect("a status"));
            assert_eq!(stored, expected, "{status} {payment}");
        }
    }
}

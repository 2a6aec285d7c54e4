//! The column `changed_on`: the UTC date of an order's last change, once that is more than an hour after the order was
//! placed. Few orders change on many dates, so an index on it is rarely written; one on `updated_at` would end heap-only
//! updates. Before that hour has passed, the primary key finds a changed order: its id begins with the time of placing.

use chrono::{NaiveDate, TimeDelta};
use domain::Timestamp;
use domain::ids::OrderId;

/// Orders are confirmed and usually shipped or undone within it.
const FIRST_HOUR: TimeDelta = TimeDelta::hours(1);

/// `None` within the first hour of the order.
pub(super) fn changed_on(order: OrderId, at: Timestamp) -> Option<NaiveDate> {
    (order < first_hour_at(at)).then(|| at.date_naive())
}

/// The smallest id of the orders that are in their first hour at `at`. Each change since `at` of an order with a smaller
/// id has a date.
pub(super) fn first_hour_at(at: Timestamp) -> OrderId {
    OrderId::lower_bound(at.checked_sub_signed(FIRST_HOUR).unwrap_or(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::PgPool;
    use uuid::Uuid;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_change_has_a_date_when_its_order_is_more_than_an_hour_old() {
        let order = OrderId::lower_bound(time("2026-11-28T22:30:00Z"));
        assert_eq!(changed_on(order, time("2026-11-28T23:30:00Z")), None);
        assert_eq!(changed_on(order, time("2026-11-28T23:30:00.001Z")), NaiveDate::from_ymd_opt(2026, 11, 28));
        assert_eq!(changed_on(order, time("2026-11-29T00:00:00Z")), NaiveDate::from_ymd_opt(2026, 11, 29));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_migration_gives_every_existing_order_the_date_that_a_change_would(pool: PgPool) {
        let placed = time("2026-11-28T22:30:00Z");
        let id = OrderId::lower_bound(placed).as_uuid();
        let insert = "INSERT INTO orders.orders (id, customer_id, status, payment_status, fulfilment_status, currency,
                                                 total_minor, payment_method, version, created_at, updated_at)
                      VALUES ($1, gen_random_uuid(), 'pending', 'unpaid', 'allocated', 'USD', 1, 'sim_ok', 1, $2, $3)";
        let changes = ["22:30:00", "23:29:59.999", "23:30:00", "23:30:00.0009", "23:30:00.001", "23:59:59"];
        for (number, change) in (0_u128..).zip(changes) {
            let id = Uuid::from_u128(id.as_u128() + number);
            let changed = time(&format!("2026-11-28T{change}Z"));
            sqlx::query(insert).bind(id).bind(placed).bind(changed).execute(&pool).await.expect("inserted");
        }

        let fill = include_str!("../../../../migrations/20261128010401_orders_filters_fill.sql");
        sqlx::raw_sql(fill).execute(&pool).await.expect("filled");

        let rows: Vec<(Uuid, Timestamp, Option<NaiveDate>)> =
            sqlx::query_as("SELECT id, updated_at, changed_on FROM orders.orders")
                .fetch_all(&pool)
                .await
                .expect("rows");
        assert_eq!(rows.len(), changes.len());
        for (id, changed, stored) in rows {
            assert_eq!(stored, changed_on(OrderId::from_uuid(id), changed), "{changed}");
        }
    }
}

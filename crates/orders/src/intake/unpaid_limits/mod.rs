//! Limits the open unpaid orders of one customer: each holds stock that nobody else can buy.
//!
//! Most customers place a few orders, so their orders are not counted in the database at all. This process adds up what
//! it admits of a customer; after a quarter of a limit, and before a limit, it counts in the database again. Other
//! processes do the same, so a customer can exceed a limit by a quarter of it per further process.
//!
//! A count misses the orders that are being stored meanwhile, so those are added to it. An order may then count twice,
//! so an order is refused only by a count that began when none was being stored.

mod customer;

use super::limits::UnpaidArgs;
use crate::error::PlaceOrderError;
use crate::new_order::NewOrder;
use crate::store::unpaid_orders::{UnpaidOrders, count_unpaid};
use customer::Customer;
use domain::ids::UserId;
use moka::sync::Cache;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;

/// The most orders of a customer that a count looks at.
const NEWEST_MAX: u64 = 10_000;
/// An unpaid order is given up sooner, by its payment step's retry policy. One that waits for stock is in the database's
/// counts as long as it waits.
const REMEMBERED_FOR: Duration = Duration::from_mins(15);
/// Customers, about 30 MB; beyond that the least active ones are forgotten.
const CUSTOMERS_MAX: u64 = 100_000;

#[derive(Debug)]
pub(super) struct UnpaidLimits {
    max: UnpaidOrders,
    customers: Cache<UserId, Arc<Customer>>,
}

/// An order within the limits. Held until it is stored, or failed: a count in between may miss it.
#[derive(Debug)]
pub(super) struct AdmittedOrder {
    customer: Arc<Customer>,
    order: UnpaidOrders,
}

impl Drop for AdmittedOrder {
    fn drop(&mut self) {
        self.customer.finish(self.order);
    }
}

impl UnpaidLimits {
    pub fn new(args: UnpaidArgs) -> Self {
        let limit = |max: u32| if max == 0 { u64::MAX } else { u64::from(max) };
        let max = UnpaidOrders { orders: limit(args.unpaid_orders_max), units: limit(args.unpaid_units_max) };
        Self { max, customers: Cache::builder().max_capacity(CUSTOMERS_MAX).time_to_idle(REMEMBERED_FOR).build() }
    }

    /// Refuses an order that would exceed a limit of its customer.
    pub async fn admit(&self, new: &NewOrder, pool: &PgPool) -> Result<AdmittedOrder, PlaceOrderError> {
        let order =
            UnpaidOrders { orders: 1, units: new.lines.iter().map(|line| u64::from(line.quantity.get())).sum() };
        let customer = self.customers.get_with(new.customer_id, Arc::default);
        if !customer.admit_uncounted(order, self.max) {
            // Boxed, since it is rare, and every future that places an order has room for it otherwise.
            Box::pin(self.admit_counted(&customer, new.customer_id, order, pool)).await?;
        }
        Ok(AdmittedOrder { customer, order })
    }

    async fn admit_counted(
        &self,
        customer: &Customer,
        id: UserId,
        order: UnpaidOrders,
        pool: &PgPool,
    ) -> Result<(), PlaceOrderError> {
        let _only_count = customer.counting.lock().await;
        // The count that this order waited for may have made room.
        if customer.admit_uncounted(order, self.max) {
            return Ok(());
        }
        loop {
            let before = customer.before_count();
            match self.count(id, pool).await {
                Some(counted) => customer.set_counted(counted, before),
                // Whether the order can be stored without the database is found out next.
                None => return customer.admit(order, UnpaidOrders::UNLIMITED),
            }
            match customer.admit(order, self.max) {
                Err(_perhaps_counted_twice) if before.has_in_flight() => customer.until_all_stored().await,
                result => return result,
            }
        }
    }

    async fn count(&self, customer: UserId, pool: &PgPool) -> Option<UnpaidOrders> {
        // Unpaid orders are among the newest, since they are given up after minutes.
        let newest = self.max.orders.saturating_mul(2).min(NEWEST_MAX);
        let counted = async { count_unpaid(&mut *platform::postgres::reader(pool).await?, customer, newest).await };
        counted.await.inspect_err(|error| tracing::warn!(%error, "Unpaid orders could not be counted: {error}")).ok()
    }
}

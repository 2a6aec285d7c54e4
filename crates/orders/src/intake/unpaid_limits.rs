//! Limits the open unpaid orders of one customer: each holds stock that nobody else can buy.
//!
//! Most customers place a few orders, so their orders are not counted in the database at all. This process adds up what
//! it accepted from a customer; after a quarter of a limit, it asks the database before the next order. A customer can
//! therefore exceed a limit by a quarter of it per process.

use super::limits::UnpaidArgs;
use crate::error::PlaceOrderError;
use crate::new_order::NewOrder;
use crate::store::unpaid_orders::{UnpaidOrders, count_unpaid};
use domain::ids::UserId;
use moka::sync::Cache;
use sqlx::PgPool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The share of a limit that is accepted before the database is asked.
const UNCOUNTED_SHARE: u64 = 4;
/// The most orders of a customer that a count looks at.
const NEWEST_MAX: u64 = 10_000;
/// An unpaid order is given up sooner, by its payment step's retry policy.
const REMEMBERED_FOR: Duration = Duration::from_mins(15);
/// Customers, about 20 MB; beyond that the least active ones are forgotten.
const CUSTOMERS_MAX: u64 = 100_000;

#[derive(Debug)]
pub(super) struct UnpaidLimits {
    orders_max: u64,
    units_max: u64,
    uncounted: Cache<UserId, Arc<Mutex<UnpaidOrders>>>,
}

impl UnpaidLimits {
    pub fn new(args: UnpaidArgs) -> Self {
        let limit = |max: u32| if max == 0 { u64::MAX } else { u64::from(max) };
        let uncounted = Cache::builder().max_capacity(CUSTOMERS_MAX).time_to_idle(REMEMBERED_FOR).build();
        Self { orders_max: limit(args.unpaid_orders_max), units_max: limit(args.unpaid_units_max), uncounted }
    }

    /// Refuses an order that would exceed a limit of its customer. If the unpaid orders can't be counted, the order is
    /// admitted: whether it can be stored is found out next.
    pub async fn admit(&self, new: &NewOrder, pool: &PgPool) -> Result<(), PlaceOrderError> {
        let order =
            UnpaidOrders { orders: 1, units: new.lines.iter().map(|line| u64::from(line.quantity.get())).sum() };
        let uncounted = self.uncounted.get_with(new.customer_id, Arc::default);
        let since_count = lock(&uncounted).plus(order);
        let is_few = since_count.orders <= self.orders_max / UNCOUNTED_SHARE
            && since_count.units <= self.units_max / UNCOUNTED_SHARE;
        if is_few {
            *lock(&uncounted) = since_count;
            return Ok(());
        }
        // Boxed, since it is rare, and every future that places an order has room for it otherwise.
        let Some(unpaid) = Box::pin(self.count(new.customer_id, pool)).await else { return Ok(()) };
        let with_order = unpaid.plus(order);
        if with_order.orders > self.orders_max {
            return Err(PlaceOrderError::TooManyUnpaidOrders(self.orders_max));
        }
        if with_order.units > self.units_max {
            return Err(PlaceOrderError::TooManyUnpaidUnits(self.units_max));
        }
        *lock(&uncounted) = order;
        Ok(())
    }

    async fn count(&self, customer: UserId, pool: &PgPool) -> Option<UnpaidOrders> {
        // Unpaid orders are among the newest, since they are given up after minutes.
        let newest = self.orders_max.saturating_mul(2).min(NEWEST_MAX);
        let counted = async { count_unpaid(&mut *platform::postgres::reader(pool).await?, customer, newest).await };
        counted.await.inspect_err(|error| tracing::warn!(%error, "Unpaid orders could not be counted: {error}")).ok()
    }
}

fn lock(uncounted: &Mutex<UnpaidOrders>) -> MutexGuard<'_, UnpaidOrders> {
    uncounted.lock().unwrap_or_else(PoisonError::into_inner)
}

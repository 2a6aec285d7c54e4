//! What this process knows of the unpaid orders of one customer.

use crate::error::PlaceOrderError;
use crate::store::unpaid_orders::UnpaidOrders;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The share of a limit that is admitted before the database is asked again.
const UNCOUNTED_SHARE: u64 = 4;

#[derive(Debug, Default)]
pub(super) struct Customer {
    known: Mutex<Known>,
    /// Held while the orders are counted: requests that come meanwhile use the result.
    pub counting: tokio::sync::Mutex<()>,
    all_stored: Notify,
}

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Known {
    /// Unpaid orders at the last count; zero before the first.
    counted: UnpaidOrders,
    /// Admitted since then, or while it counted.
    since: UnpaidOrders,
    /// Those of the admitted orders that are being stored.
    in_flight: UnpaidOrders,
}

impl Customer {
    /// Admits the order if it is certainly within the limits; `false` if the orders must be counted first.
    pub fn admit_uncounted(&self, order: UnpaidOrders, max: UnpaidOrders) -> bool {
        let mut known = self.known();
        let since = known.since.plus(order);
        let is_certain = since.is_within(max.share(UNCOUNTED_SHARE)) && known.counted.plus(since).is_within(max);
        if is_certain {
            known.add(order);
        }
        is_certain
    }

    /// Admits the order if it is within the limits as far as this process knows.
    pub fn admit(&self, order: UnpaidOrders, max: UnpaidOrders) -> Result<(), PlaceOrderError> {
        let mut known = self.known();
        let total = known.counted.plus(known.since).plus(order);
        if total.orders > max.orders {
            return Err(PlaceOrderError::TooManyUnpaidOrders(max.orders));
        }
        if total.units > max.units {
            return Err(PlaceOrderError::TooManyUnpaidUnits(max.units));
        }
        known.add(order);
        Ok(())
    }

    /// For [`Customer::set_counted`]: what is known when a count begins.
    pub fn before_count(&self) -> Known {
        *self.known()
    }

    /// A count that began when `before` was known. It may miss the orders that were being stored then, and those that
    /// were admitted since.
    pub fn set_counted(&self, counted: UnpaidOrders, before: Known) {
        let mut known = self.known();
        known.since = before.in_flight.plus(known.since.minus(before.since));
        known.counted = counted;
    }

    /// The order is stored, or failed.
    pub fn finish(&self, order: UnpaidOrders) {
        let mut known = self.known();
        known.in_flight = known.in_flight.minus(order);
        if !known.has_in_flight() {
            self.all_stored.notify_one();
        }
    }

    /// Waits until no admitted order is being stored. For the one task that holds `counting`.
    pub async fn until_all_stored(&self) {
        while self.known().has_in_flight() {
            self.all_stored.notified().await;
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whether a count may contain orders that are in flight, too.
    pub const fn has_in_flight(&self) -> bool {
        self.in_flight.orders > 0
    }

    fn add(&mut self, order: UnpaidOrders) {
        self.since = self.since.plus(order);
        self.in_flight = self.in_flight.plus(order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    const MAX: UnpaidOrders = UnpaidOrders { orders: 100, units: 100 };

    fn units(units: u64) -> UnpaidOrders {
        UnpaidOrders { orders: 1, units }
    }

    #[test]
    fn a_quarter_of_a_limit_is_admitted_before_the_orders_are_counted() {
        let customer = Customer::default();

        assert!(customer.admit_uncounted(units(25), MAX));
        assert!(!customer.admit_uncounted(units(1), MAX));
    }

    #[test]
    fn a_count_does_not_lose_what_was_being_stored_when_it_began_or_was_admitted_since() {
        let customer = Customer::default();
        assert!(customer.admit_uncounted(units(20), MAX));

        let before = customer.before_count();
        assert!(customer.admit_uncounted(units(5), MAX));
        customer.finish(units(20));
        customer.set_counted(units(60), before);

        assert_eq!(customer.admit(units(16), MAX), Err(PlaceOrderError::TooManyUnpaidUnits(100)));
        assert_eq!(customer.admit(units(15), MAX), Ok(()));
    }

    #[tokio::test]
    async fn the_wait_for_orders_in_flight_ends_with_the_last_one() {
        let customer = Customer::default();
        assert!(customer.admit_uncounted(units(1), MAX) && customer.admit_uncounted(units(1), MAX));
        let mut wait = Box::pin(customer.until_all_stored());

        for _order in 0..2 {
            assert!(wait.as_mut().now_or_never().is_none());
            customer.finish(units(1));
        }

        assert!(wait.now_or_never().is_some());
    }

    #[test]
    fn an_order_that_was_stored_before_a_count_began_counts_once() {
        let customer = Customer::default();
        assert!(customer.admit_uncounted(units(20), MAX));
        customer.finish(units(20));

        let before = customer.before_count();
        customer.set_counted(units(20), before);

        assert_eq!(customer.admit(units(80), MAX), Ok(()));
        assert_eq!(customer.admit(units(1), MAX), Err(PlaceOrderError::TooManyUnpaidUnits(100)));
    }
}

//! Ids: one type per aggregate, so that a warehouse id can't be passed as an order id.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What follows the 48 bits of time in an id.
const RANDOM_BITS: u32 = 80;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id must be a UUID")]
pub struct BadId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::parse_str(text).map(Self).map_err(|_no_uuid| BadId)
            }
        }
    };
}

id!(
    /// An order; UUID v7, so that the id contains the creation time and orders sort by age.
    OrderId
);
id!(
    /// A user account: customer, vendor or admin; UUID v7.
    UserId
);
id!(
    /// Whose idempotency keys: a user, or one of their API keys, which has keys of its own.
    PrincipalId
);
id!(
    /// A warehouse; UUID v7.
    WarehouseId
);
id!(
    /// A transfer of stock between two warehouses; UUID v7.
    TransferId
);
id!(
    /// The one payment of an order; derived from it, see [`PaymentId::of`].
    PaymentId
);
id!(
    /// A refund of an order's payment; UUID v7, or derived from the return that it belongs to, see
    /// [`RefundId::of_return`].
    RefundId
);
id!(
    /// A return of goods; UUID v7.
    ReturnId
);
id!(
    /// The shipment of one order from one warehouse with the products of one vendor; derived, see
    /// [`ShipmentId::of_vendor`].
    ShipmentId
);
id!(
    /// One message; derived from the work that it requests or reports, see [`MessageId::derive`].
    MessageId
);
id!(
    /// The idempotency key of one call to a provider; derived, see [`ProviderKey::derive`].
    ProviderKey
);

impl OrderId {
    /// The smallest id that an order created at `at` can have. UUID v7 sorts by creation time, so
    /// `id < OrderId::lower_bound(at)` selects older orders (to the millisecond) by the primary key.
    pub fn lower_bound(at: Timestamp) -> Self {
        let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
        Self(Uuid::from_u128(millis << RANDOM_BITS))
    }
}

impl From<UserId> for PrincipalId {
    fn from(user: UserId) -> Self {
        Self(user.0)
    }
}

impl PaymentId {
    /// An order has one payment: the same order always gives the same id.
    pub fn of(order: OrderId) -> Self {
        Self(derive(order, "payment"))
    }
}

impl RefundId {
    /// A return has one refund: the same return always gives the same id.
    pub fn of_return(order: OrderId, returned: ReturnId) -> Self {
        Self(derive(order, &format!("refund/{returned}")))
    }
}

impl ShipmentId {
    /// An order has at most one shipment per warehouse and vendor: the same three always give the same id.
    pub fn of_vendor(order: OrderId, warehouse: WarehouseId, vendor: UserId) -> Self {
        Self(derive(order, &format!("shipment/{warehouse}/{vendor}")))
    }

    /// The shipment from a warehouse in orders of plan 1, which had one per warehouse for all vendors together.
    pub fn of(order: OrderId, warehouse: WarehouseId) -> Self {
        Self(derive(order, &format!("shipment/{warehouse}")))
    }

    /// The shipment that replaces this one after as many amendments: with `0`, the shipment itself.
    #[must_use]
    pub fn revised(self, order: OrderId, revision: u32) -> Self {
        if revision == 0 { self } else { Self(derive(order, &format!("shipment/{self}/{revision}"))) }
    }

    /// When its order was placed, to the millisecond: the first 48 bits.
    pub fn ordered_at(self) -> Timestamp {
        let millis = i64::try_from(self.0.as_u128() >> RANDOM_BITS).expect("48 bits");
        Timestamp::from_timestamp_millis(millis).expect("48 bits of milliseconds end in the year 10889")
    }

    /// The ids that its order can have: those of the same millisecond. They find a shipment by its id through an index
    /// that begins with the order's.
    pub const fn possible_orders(self) -> (OrderId, OrderId) {
        let first = self.0.as_u128() >> RANDOM_BITS << RANDOM_BITS;
        let last = first | ((1 << RANDOM_BITS) - 1);
        (OrderId(Uuid::from_u128(first)), OrderId(Uuid::from_u128(last)))
    }
}

impl MessageId {
    /// The id of the message that requests or reports `work` on `order`. Relay, retry and replay derive the same id for
    /// the same work, so the consumer's inbox deduplicates them.
    pub fn derive(order: OrderId, work: &str) -> Self {
        Self(derive(order, work))
    }
}

impl ProviderKey {
    /// The key for `work` on `order`: the same work always has the same key, so the provider does it once.
    pub fn derive(order: OrderId, work: &str) -> Self {
        Self(derive(order, &format!("provider/{work}")))
    }
}

/// UUID v8 (RFC 9562, section 5.8): the first 48 bits are the order's timestamp (as in its UUID v7), the rest is the
/// UUID v5 hash of `name` in the order's namespace. The ids of one order are therefore adjacent in an index, and new
/// ones are inserted at its right edge. Random ids would touch a cold page per insert.
fn derive(order: OrderId, name: &str) -> Uuid {
    let mut bytes = *Uuid::new_v5(&order.0, name.as_bytes()).as_bytes();
    bytes[..6].copy_from_slice(&order.0.as_bytes()[..6]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_id_contains_its_creation_time() {
        let order = OrderId::from_uuid(Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_800_000_000, 0)));
        let at =
            |millis: i64| OrderId::lower_bound(Timestamp::from_timestamp_millis(1_800_000_000_000 + millis).unwrap());
        assert!(at(0) <= order && order < at(1));
    }

    #[test]
    fn a_shipments_id_contains_the_time_of_its_order_and_bounds_the_orders_id() {
        let order = OrderId::from_uuid(Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_800_000_000, 0)));
        let shipment = ShipmentId::of(order, WarehouseId(Uuid::nil()));

        let (first, last) = shipment.possible_orders();

        assert_eq!(shipment.ordered_at(), Timestamp::from_timestamp(1_800_000_000, 0).unwrap());
        assert!(first <= order && order <= last);
        assert!(OrderId::lower_bound(shipment.ordered_at()) == first);
    }

    #[test]
    fn each_vendor_has_a_shipment_of_their_own_per_order_and_warehouse() {
        let order = OrderId::from_uuid(Uuid::now_v7());
        let [first, second] = [1, 2].map(|number| WarehouseId(Uuid::from_u128(number)));
        let [hers, his] = [3, 4].map(|number| UserId(Uuid::from_u128(number)));

        let ids = [
            ShipmentId::of(order, first),
            ShipmentId::of_vendor(order, first, hers),
            ShipmentId::of_vendor(order, first, his),
            ShipmentId::of_vendor(order, second, his),
        ];

        assert_eq!(std::collections::HashSet::from(ids).len(), ids.len());
        assert_eq!(ids[1], ShipmentId::of_vendor(order, first, hers));
    }

    #[test]
    fn each_revision_of_a_shipment_has_an_id_of_its_own() {
        let order = OrderId::from_uuid(Uuid::now_v7());
        let shipment = ShipmentId::of(order, WarehouseId(Uuid::nil()));

        let ids = [0, 1, 2].map(|revision| shipment.revised(order, revision));

        assert_eq!((ids[0], std::collections::HashSet::from(ids).len()), (shipment, 3));
        assert_eq!(ids[1].ordered_at(), shipment.ordered_at());
    }

    #[test]
    fn a_derived_id_is_deterministic_has_the_orders_timestamp_and_depends_on_the_work() {
        let order = OrderId::from_uuid(Uuid::now_v7());
        let reserve = MessageId::derive(order, "inventory.reserve.v1/1");
        assert_eq!(reserve, MessageId::derive(order, "inventory.reserve.v1/1"));
        assert_ne!(reserve, MessageId::derive(order, "inventory.reserve.v1/2"));
        assert_eq!(reserve.0.as_bytes()[..6], order.0.as_bytes()[..6]);
        assert_eq!(reserve.0.get_version_num(), 8);
    }
}

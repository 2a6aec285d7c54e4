//! Names of things: one type an aggregate, so that a warehouse can't be passed where an order is meant.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
    /// An order; UUID v7, so that its id tells when it was made and orders sort by age.
    OrderId
);
id!(
    /// Somebody with an account: customer, vendor or admin; UUID v7.
    UserId
);
id!(
    /// A place that goods are shipped from; UUID v7.
    WarehouseId
);
id!(
    /// The one payment of an order; derived from it, see [`PaymentId::of`].
    PaymentId
);
id!(
    /// The goods of one order that leave one warehouse together; derived, see [`ShipmentId::of`].
    ShipmentId
);
id!(
    /// One message; derived from the work that it asks for or reports, see [`MessageId::derive`].
    MessageId
);
id!(
    /// One piece of work that somebody else's system is asked for, and the idempotency key that it is asked under;
    /// derived, see [`ProviderKey::derive`].
    ProviderKey
);

impl OrderId {
    /// Less than the id of any order that was made at `at` or later, and not less than that of one made before, to the
    /// millisecond: how old an order is can be asked of an index on its id.
    pub fn first_at(at: Timestamp) -> Self {
        let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
        Self(Uuid::from_u128(millis << 80))
    }
}

impl PaymentId {
    /// An order is paid by one payment: the same order always gives the same id.
    pub fn of(order: OrderId) -> Self {
        Self(derive(order, "payment"))
    }
}

impl ShipmentId {
    /// An order gets at most one shipment a warehouse: the same pair always gives the same id.
    pub fn of(order: OrderId, warehouse: WarehouseId) -> Self {
        Self(derive(order, &format!("shipment/{warehouse}")))
    }
}

impl MessageId {
    /// The id of the message that speaks of `work` on `order`. Relay, sweeper and replay thus make the same id for
    /// the same work, and the inbox of its reader takes it once.
    pub fn derive(order: OrderId, work: &str) -> Self {
        Self(derive(order, work))
    }
}

impl ProviderKey {
    /// The key for `work` on `order`: the same work is always asked for under the same key, so it is done once.
    pub fn derive(order: OrderId, work: &str) -> Self {
        Self(derive(order, &format!("provider/{work}")))
    }
}

/// UUID v8 (RFC 9562, section 5.8): the 48 bits of time are the order's own (UUID v7 keeps them first), the rest is
/// the UUID v5 hash of `name` in the order's namespace. Ids made for one order thus lie together in an index, and new
/// ones go to its right edge, where random ids would touch a cold page each.
fn derive(order: OrderId, name: &str) -> Uuid {
    let mut bytes = *Uuid::new_v5(&order.0, name.as_bytes()).as_bytes();
    bytes[..6].copy_from_slice(&order.0.as_bytes()[..6]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orders_id_tells_when_it_was_made() {
        let order = OrderId::from_uuid(Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_800_000_000, 0)));
        let at = |millis: i64| OrderId::first_at(Timestamp::from_timestamp_millis(1_800_000_000_000 + millis).unwrap());
        assert!(at(0) <= order && order < at(1));
    }

    #[test]
    fn a_derived_id_repeats_keeps_the_orders_time_and_differs_by_its_work() {
        let order = OrderId::from_uuid(Uuid::now_v7());
        let reserve = MessageId::derive(order, "inventory.reserve.v1/1");
        assert_eq!(reserve, MessageId::derive(order, "inventory.reserve.v1/1"));
        assert_ne!(reserve, MessageId::derive(order, "inventory.reserve.v1/2"));
        assert_eq!(reserve.0.as_bytes()[..6], order.0.as_bytes()[..6]);
        assert_eq!(reserve.0.get_version_num(), 8);
    }
}

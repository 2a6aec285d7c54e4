//! The decision about an order: the plan or the shortages, and the alternatives that were rejected.

use crate::allocation_policy::AllocationPolicy;
use crate::ids::WarehouseId;
use crate::messages::{Allocation, Shortage};
use serde::{Deserialize, Serialize};

/// A decision has at most this many alternatives: single warehouses first, then combinations.
pub const ALTERNATIVES_MAX: usize = 16;
/// An alternative has at most this many shortages.
pub(super) const SHORTAGES_MAX: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocationDecision {
    pub policy: AllocationPolicy,
    /// The plan, or every shortage.
    pub outcome: Result<Vec<Allocation>, Vec<Shortage>>,
    pub alternatives: Vec<Alternative>,
}

/// A warehouse that could have served the order alone, or a combination of warehouses, and why it was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    pub warehouses: Vec<WarehouseId>,
    pub reason: AlternativeReason,
    /// What they have too few units of, if that is the reason: the first three of the order's lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortages: Vec<Shortage>,
}

crate::string_enum! {
    /// Why an alternative was rejected.
    pub enum AlternativeReason {
        Closed,
        /// They have too few units of a SKU.
        NotEnough,
        /// The warehouses that supply the units instead are nearer to the destination.
        Farther,
        /// Other warehouses come first by their priority numbers, or by their ids where these are equal.
        LowerPriority,
        /// More warehouses than the plan has.
        MoreShipments,
    }
}

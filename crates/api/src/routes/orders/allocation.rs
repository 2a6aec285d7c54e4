//! `GET /orders/{id}/allocation`: which warehouses supply an order, and why.

use super::visible_order;
use crate::auth::{Allowed, Caller};
use crate::docs::sets::{AllocationPolicySet, AllocationStatusSet, AlternativeReasonSet};
use crate::params::PathParam;
use crate::policy::SeeAllocations;
use crate::problem::Problem;
use crate::routes::warehouses::codes::WarehouseCodes;
use crate::state::AppState;
use accounts::Role;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::ids::{OrderId, WarehouseId};
use domain::inventory::{Alternative, AlternativeReason};
use domain::messages::{Allocation, MissingUnits, Shortage};
use domain::product::Sku;
use inventory::AllocationView;
use orders::OrderView;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct AllocationBody {
    order_id: Uuid,
    #[schema(value_type = AllocationStatusSet, inline)]
    status: &'static str,
    /// The policy that decided. Absent while undecided, and for orders from before decisions were stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AllocationPolicySet>, inline)]
    policy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<DateTime<Utc>>,
    /// What was allocated; empty unless the status is `allocated` or `waiting`.
    allocations: Vec<AllocatedUnitsBody>,
    /// What is short in all open warehouses together; empty unless the status is `rejected`.
    shortages: Vec<ShortageBody>,
    /// What the order waits for; empty unless the status is `waiting`.
    missing: Vec<MissingUnitsBody>,
    /// Warehouses that do not supply the order alone, and combinations of warehouses, each with the reason. At most 16,
    /// single warehouses first.
    alternatives: Vec<AlternativeBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AllocatedUnitsBody {
    warehouse_id: Uuid,
    #[schema(example = "EAST")]
    warehouse_code: String,
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = 2)]
    quantity: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShortageBody {
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = 5)]
    requested: u32,
    #[schema(example = 3)]
    available: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MissingUnitsBody {
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = 2)]
    units: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AlternativeBody {
    /// One warehouse, or those of a combination.
    warehouses: Vec<AlternativeWarehouseBody>,
    #[schema(value_type = AlternativeReasonSet, inline)]
    reason: &'static str,
    /// What they have too few units of together: up to three SKUs.
    shortages: Vec<ShortageBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AlternativeWarehouseBody {
    id: Uuid,
    #[schema(example = "WEST")]
    code: String,
}

/// Show how an order was allocated
///
/// Which warehouses supply it, under which policy, and why not others. Vendors see the units of their own products only.
#[utoipa::path(get, path = "/orders/{id}/allocation", tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "The decision", body = AllocationBody)), security(("access_token" = [])))]
pub async fn order_allocation(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeAllocations>,
    PathParam(id): PathParam<OrderId>,
) -> Result<Json<AllocationBody>, Problem> {
    let order = visible_order(&state, caller, id).await?;
    let mut allocation = inventory::find_allocation(&state.pool, id).await?;
    if caller.role == Role::Vendor {
        keep_own(&mut allocation, caller, &order)?;
    }
    let codes = WarehouseCodes::of(&state, warehouses(&allocation)).await?;
    Ok(Json(AllocationBody::of(id, allocation, &codes)?))
}

/// Removes what is not about products of this vendor. 404 for an order without any, which only its customer sees.
fn keep_own(allocation: &mut AllocationView, vendor: Caller, order: &OrderView) -> Result<(), Problem> {
    let own: Vec<&Sku> = order.lines.iter().filter(|line| line.vendor_id == vendor.id).map(|line| &line.sku).collect();
    if own.is_empty() {
        return Err(Problem::not_found("order"));
    }
    allocation.allocations.retain(|part| own.contains(&&part.sku));
    allocation.shortages.retain(|short| own.contains(&&short.sku));
    allocation.missing.retain(|missing| own.contains(&&missing.sku));
    allocation.alternatives.retain_mut(|alternative| {
        alternative.shortages.retain(|short| own.contains(&&short.sku));
        alternative.reason != AlternativeReason::NotEnough || !alternative.shortages.is_empty()
    });
    Ok(())
}

fn warehouses(allocation: &AllocationView) -> impl Iterator<Item = WarehouseId> {
    let allocated = allocation.allocations.iter().map(|part| part.warehouse_id);
    allocated.chain(allocation.alternatives.iter().flat_map(|alternative| alternative.warehouses.iter().copied()))
}

impl AllocationBody {
    fn of(order: OrderId, allocation: AllocationView, codes: &WarehouseCodes) -> Result<Self, Problem> {
        let allocated = |part: Allocation| {
            Ok(AllocatedUnitsBody {
                warehouse_id: part.warehouse_id.as_uuid(),
                warehouse_code: codes.of_id(part.warehouse_id)?,
                sku: part.sku.to_string(),
                quantity: part.quantity.get(),
            })
        };
        let alternative = |alternative| AlternativeBody::of(alternative, codes);
        Ok(Self {
            order_id: order.as_uuid(),
            status: allocation.status.into(),
            policy: allocation.policy.map(Into::into),
            decided_at: allocation.decided_at,
            allocations: allocation.allocations.into_iter().map(allocated).collect::<Result<_, Problem>>()?,
            shortages: allocation.shortages.into_iter().map(ShortageBody::from).collect(),
            missing: allocation.missing.into_iter().map(MissingUnitsBody::from).collect(),
            alternatives: allocation.alternatives.into_iter().map(alternative).collect::<Result<_, Problem>>()?,
        })
    }
}

impl AlternativeBody {
    fn of(Alternative { warehouses, reason, shortages }: Alternative, codes: &WarehouseCodes) -> Result<Self, Problem> {
        let warehouse = |id: WarehouseId| Ok(AlternativeWarehouseBody { id: id.as_uuid(), code: codes.of_id(id)? });
        Ok(Self {
            warehouses: warehouses.into_iter().map(warehouse).collect::<Result<_, Problem>>()?,
            reason: reason.into(),
            shortages: shortages.into_iter().map(ShortageBody::from).collect(),
        })
    }
}

impl From<MissingUnits> for MissingUnitsBody {
    fn from(MissingUnits { sku, units }: MissingUnits) -> Self {
        Self { sku: sku.to_string(), units: units.get() }
    }
}

impl From<Shortage> for ShortageBody {
    fn from(Shortage { sku, requested, available }: Shortage) -> Self {
        Self { sku: sku.to_string(), requested, available }
    }
}

//! `GET /inventory/{sku}/movements`.

use super::may_see;
use crate::auth::Allowed;
use crate::docs::sets::MovementKindSet;
use crate::page::Page;
use crate::params::{FromQuery, Params, PathParam, Query};
use crate::policy::SeeStock;
use crate::problem::Problem;
use crate::routes::warehouses::named::{IN_QUERY, Named};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::inventory::Origin;
use domain::product::Sku;
use inventory::{MovementFilter, StockMovement};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug)]
pub struct MovementQuery {
    warehouse: Named,
    /// Without the warehouse.
    filter: MovementFilter,
}

impl FromQuery for MovementQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let warehouse = IN_QUERY.read_optional(params);
        let kind = params.one_of("kind");
        let from = params.time("from");
        let to = params.time("to");
        let after = params.cursor();
        let limit = params.limit();
        let (kind, from, to, after, limit) = (kind?, from?, to?, after?, limit?);
        let filter = MovementFilter { warehouse_id: None, kind, from, to, after, limit };
        Some(Self { warehouse: warehouse?, filter })
    }
}

/// One change of the stock of a SKU in a warehouse; it never changes itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovementBody {
    #[schema(example = 4711)]
    id: i64,
    at: DateTime<Utc>,
    #[schema(value_type = MovementKindSet, inline)]
    kind: &'static str,
    warehouse_id: Uuid,
    #[schema(example = "EAST")]
    warehouse_code: String,
    /// The change of `on_hand`, in units.
    #[schema(example = 10)]
    on_hand_delta: i32,
    /// The change of `reserved`, in units.
    #[schema(example = 0)]
    reserved_delta: i32,
    /// The order that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
    /// The shipment that the units left with.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipment_id: Option<Uuid>,
    /// The transfer that it is one side of.
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_id: Option<Uuid>,
    /// The person who entered it, as in the audit log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "vendor:0190a1b2-0000-7000-8000-000000000001")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Delivery note 4711")]
    reason: Option<String>,
}

/// List the movements of a SKU
///
/// Every change of its stock, newest first: who or which order caused it, and by how many units `on_hand` and `reserved`
/// changed. The sums of all movements are the current stock. Vendors see their own products only.
#[utoipa::path(get, path = "/inventory/{sku}/movements", tag = "inventory",
    params(("sku" = String, Path, description = "The product's SKU", example = "SKU-HEADPHONES"),
        ("warehouse_id" = Option<uuid::Uuid>, Query, description = "Filter by warehouse"),
        ("warehouse_code" = Option<String>, Query, description = "Filter by warehouse, named by its code"),
        ("kind" = inline(Option<MovementKindSet>), Query, description = "Filter by kind"),
        ("from" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "At or after this time; RFC 3339, 2000 to 2100"),
        ("to" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "Before this time; RFC 3339, 2000 to 2100"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of movements", body = Page<MovementBody>)), security(("access_token" = [])))]
pub async fn list_movements(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeStock>,
    PathParam(sku): PathParam<Sku>,
    Query(MovementQuery { warehouse, mut filter }): Query<MovementQuery>,
) -> Result<Json<Page<MovementBody>>, Problem> {
    if !may_see(&state, caller, &sku).await? {
        return Err(Problem::not_found("product"));
    }
    filter.warehouse_id = IN_QUERY.resolve(&state, warehouse).await?;
    Ok(Json(inventory::list_movements(&state.pool, &sku, &filter).await?.into()))
}

impl From<StockMovement> for MovementBody {
    fn from(movement: StockMovement) -> Self {
        let without_cause = Self {
            id: movement.id,
            at: movement.at,
            kind: movement.kind.into(),
            warehouse_id: movement.warehouse_id.as_uuid(),
            warehouse_code: movement.warehouse_code.as_str().to_owned(),
            on_hand_delta: movement.on_hand_delta,
            reserved_delta: movement.reserved_delta,
            order_id: None,
            shipment_id: None,
            transfer_id: None,
            actor: None,
            reason: None,
        };
        without_cause.caused_by(movement.origin)
    }
}

impl MovementBody {
    fn caused_by(self, origin: Origin) -> Self {
        match origin {
            Origin::Order { order_id, shipment_id, .. } => Self {
                order_id: Some(order_id.as_uuid()),
                shipment_id: shipment_id.map(|shipment| shipment.as_uuid()),
                ..self
            },
            Origin::Person { actor, reason } => Self { actor: Some(actor), reason: Some(reason), ..self },
            Origin::Transfer { transfer_id, actor, reason } => {
                Self { transfer_id: Some(transfer_id.as_uuid()), actor: Some(actor), reason: Some(reason), ..self }
            }
        }
    }
}

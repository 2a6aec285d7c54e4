//! `POST /inventory/adjustments`.

use super::stock::StockBody;
use super::{may_manage, unknown_sku_detail};
use crate::body::{FromJson, Members, integer_within, one_of, parsed};
use crate::change::{Audited, Detached};
use crate::docs::sets::AdjustmentKindSet;
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::policy::AdjustStock;
use crate::problem::{Kind, Problem};
use crate::routes::reason;
use crate::routes::warehouses::named::IN_BODY;
use crate::state::AppState;
use axum::http::StatusCode;
use domain::ids::WarehouseId;
use domain::inventory::{AdjustmentKind, WarehouseCode};
use domain::product::Sku;
use inventory::{Adjustment, StockItem};
use utoipa::ToSchema;

#[derive(Debug, ToSchema)]
pub struct AdjustmentBody {
    #[schema(value_type = String, example = "SKU-HEADPHONES")]
    sku: Sku,
    /// Either this or `warehouse_code`.
    #[schema(value_type = Option<uuid::Uuid>)]
    warehouse_id: Option<WarehouseId>,
    #[schema(value_type = Option<String>, example = "EAST")]
    warehouse_code: Option<WarehouseCode>,
    /// Default `adjusted`.
    #[schema(value_type = Option<AdjustmentKindSet>, inline)]
    kind: AdjustmentKind,
    /// Number of units: with `counted` all that are on hand, with `adjusted` the difference, which may be negative.
    #[schema(example = 10)]
    quantity: i32,
    #[schema(example = "Delivery note 4711")]
    reason: String,
}

impl FromJson for AdjustmentBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let sku = members.required("sku", parsed);
        let warehouse = IN_BODY.read(members);
        let kind = members.optional("kind", one_of);
        let quantity = members.required("quantity", |field| integer_within(field, i32::MIN.into()..=i32::MAX.into()));
        let reason = members.required("reason", |field| field.text_as(|text| reason::parse(&text)));
        let (warehouse_id, warehouse_code) = warehouse?;
        Some(Self {
            sku: sku?,
            warehouse_id,
            warehouse_code,
            kind: kind?.unwrap_or(AdjustmentKind::Adjusted),
            quantity: quantity?,
            reason: reason?,
        })
    }
}

/// Adjust stock
///
/// Record units received or returned, a difference, or a count. A count sets `on_hand`, whatever it was; it can't be
/// less than `reserved`. The response is the stock after the adjustment.
#[utoipa::path(post, path = "/inventory/adjustments", tag = "inventory", params(KeyParam), request_body = AdjustmentBody,
    responses((status = 201, description = "The stock after the adjustment", body = StockBody)),
    extensions(("x-problems" = json!([Kind::UnknownSku, Kind::InsufficientStock, Kind::NotFound]))), security(("access_token" = [])))]
pub async fn adjust_stock(
    detached: Detached,
    by: Audited<AdjustStock>,
    IdempotentJson { body, idempotency }: IdempotentJson<AdjustmentBody>,
) -> Result<IdempotentResponse, Problem> {
    let (caller, at) = (by.caller, by.at);
    let work = |state: AppState, recorder| async move {
        if !may_manage(&state, caller, &body.sku).await? {
            return Err(Problem::about(Kind::UnknownSku, "/sku", unknown_sku_detail(&body.sku)));
        }
        let AdjustmentBody { sku, warehouse_id, warehouse_code, kind, quantity, reason } = body;
        let warehouse_id = IN_BODY.resolve_required(&state, (warehouse_id, warehouse_code)).await?;
        let adjustment = Adjustment { sku, warehouse_id, kind, quantity, reason, actor: caller.actor() };
        Ok(inventory::adjust_stock(&state.pool, adjustment, at, &recorder).await?)
    };
    detached.run_once(by, idempotency, respond, work).await
}

fn respond(item: &StockItem) -> IdempotentResponse {
    IdempotentResponse::json(StatusCode::CREATED, &StockBody::from(item.clone()))
}

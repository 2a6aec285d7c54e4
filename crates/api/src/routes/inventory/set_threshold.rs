//! `PUT /inventory/thresholds`.

use super::stock::StockBody;
use super::{may_manage, unknown_sku_detail};
use crate::body::{FromJson, Json, Members, integer_within, parsed};
use crate::change::{Audited, Detached};
use crate::policy::AdjustStock;
use crate::problem::{Kind, Problem};
use crate::routes::warehouses::named::IN_BODY;
use crate::state::AppState;
use domain::ids::WarehouseId;
use domain::inventory::WarehouseCode;
use domain::product::Sku;
use utoipa::ToSchema;

/// The number of available units at or below which stock counts as low.
#[derive(Debug, ToSchema)]
pub struct ThresholdBody {
    #[schema(value_type = String, example = "SKU-HEADPHONES")]
    sku: Sku,
    /// Either this or `warehouse_code`.
    #[schema(value_type = Option<uuid::Uuid>)]
    warehouse_id: Option<WarehouseId>,
    #[schema(value_type = Option<String>, example = "EAST")]
    warehouse_code: Option<WarehouseCode>,
    /// Without it, stock never counts as low.
    #[schema(example = 5, minimum = 0)]
    low_stock_threshold: Option<u32>,
}

impl FromJson for ThresholdBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let sku = members.required("sku", parsed);
        let warehouse = IN_BODY.read(members);
        let threshold = members.optional("low_stock_threshold", |field| integer_within(field, 0..=u32::MAX.into()));
        let (warehouse_id, warehouse_code) = warehouse?;
        Some(Self { sku: sku?, warehouse_id, warehouse_code, low_stock_threshold: threshold? })
    }
}

/// Set a low-stock threshold
///
/// Stock at or below the threshold is listed by `low_only`, and the scheduler records when stock falls that low.
#[utoipa::path(put, path = "/inventory/thresholds", tag = "inventory", request_body = ThresholdBody,
    responses((status = 200, description = "The stock with the threshold", body = StockBody)),
    extensions(("x-problems" = json!([Kind::UnknownSku, Kind::NotFound]))), security(("access_token" = [])))]
pub async fn set_threshold(
    detached: Detached,
    by: Audited<AdjustStock>,
    Json(body): Json<ThresholdBody>,
) -> Result<axum::Json<StockBody>, Problem> {
    if !may_manage(&detached.state, by.caller, &body.sku).await? {
        return Err(Problem::about(Kind::UnknownSku, "/sku", unknown_sku_detail(&body.sku)));
    }
    let ThresholdBody { sku, warehouse_id, warehouse_code, low_stock_threshold } = body;
    let warehouse_id = IN_BODY.resolve_required(&detached.state, (warehouse_id, warehouse_code)).await?;
    let work = |state: AppState| async move {
        let (pool, audit) = (&state.pool, by.auditor());
        inventory::set_low_stock_threshold(pool, &sku, warehouse_id, low_stock_threshold, by.at, &audit).await
    };
    Ok(axum::Json(detached.run(work).await?.into()))
}

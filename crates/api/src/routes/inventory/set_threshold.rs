use super::stock::StockBody;
use super::{is_theirs, not_yours};
use crate::auth::Allowed;
use crate::body::{FromJson, Json, Members, parsed, within};
use crate::policy::MoveStock;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestId;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::WarehouseId;
use domain::product::Sku;
use utoipa::ToSchema;

/// At how many available units stock counts as low.
#[derive(Debug, ToSchema)]
pub struct ThresholdBody {
    #[schema(value_type = String, example = "SKU-HEADPHONES")]
    sku: Sku,
    #[schema(value_type = uuid::Uuid)]
    warehouse_id: WarehouseId,
    /// Leave it out for never.
    #[schema(example = 5, minimum = 0)]
    low_stock_threshold: Option<u32>,
}

impl FromJson for ThresholdBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let sku = members.required("sku", parsed);
        let warehouse_id = members.required("warehouse_id", parsed);
        let threshold = members.optional("low_stock_threshold", |field| within(field, 0..=u32::MAX.into()));
        Some(Self { sku: sku?, warehouse_id: warehouse_id?, low_stock_threshold: threshold? })
    }
}

/// Set a low-stock threshold
///
/// Stock at or below it is listed by `low_only`, and the scheduler records when it falls so low.
#[utoipa::path(put, path = "/inventory/thresholds", tag = "inventory", request_body = ThresholdBody,
    responses((status = 200, description = "The stock with the threshold", body = StockBody)),
    extensions(("x-problems" = json!([Kind::UnknownSku, Kind::NotFound]))), security(("access_token" = [])))]
pub async fn set_threshold(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<MoveStock>,
    request: RequestId,
    Json(body): Json<ThresholdBody>,
) -> Result<axum::Json<StockBody>, Problem> {
    if !is_theirs(&state, caller, &body.sku).await? {
        return Err(Problem::about(Kind::UnknownSku, "/sku", not_yours(&body.sku)));
    }
    let ThresholdBody { sku, warehouse_id, low_stock_threshold } = body;
    let (pool, now) = (state.pool.clone(), platform::clock::now());
    let auditor = caller.auditor(&request, now);
    let setting = async move {
        inventory::set_low_stock_threshold(&pool, &sku, warehouse_id, low_stock_threshold, now, &auditor).await
    };
    Ok(axum::Json(state.finish(setting).await?.into()))
}

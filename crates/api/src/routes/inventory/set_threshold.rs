use super::is_theirs;
use super::stock::StockBody;
use crate::auth::Allowed;
use crate::body::{FromJson, Json, Members, parsed};
use crate::policy::MoveStock;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestId;
use crate::state::AppState;
use axum::extract::State;
use domain::ids::WarehouseId;
use domain::product::Sku;
use utoipa::ToSchema;

/// From how many available pieces on the stock counts as low.
#[derive(Debug, ToSchema)]
pub struct ThresholdBody {
    #[schema(value_type = String, example = "SKU-HEADPHONES")]
    sku: Sku,
    #[schema(value_type = uuid::Uuid)]
    warehouse_id: WarehouseId,
    /// Never, when it is left out.
    #[schema(example = 5, minimum = 0)]
    low_stock_threshold: Option<u32>,
}

impl FromJson for ThresholdBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let sku = members.required("sku", parsed);
        let warehouse_id = members.required("warehouse_id", parsed);
        let threshold = members.optional("low_stock_threshold", |field| {
            field.whole_as(|pieces| u32::try_from(pieces).map_err(|_| "a threshold is 0 pieces or more"))
        });
        Some(Self { sku: sku?, warehouse_id: warehouse_id?, low_stock_threshold: threshold? })
    }
}

/// Set when stock counts as low
///
/// From then on `low_only` lists it, and the scheduler tells of it when it falls so low.
#[utoipa::path(put, path = "/inventory/thresholds", tag = "inventory", request_body = ThresholdBody,
    responses((status = 200, description = "The stock after it", body = StockBody)),
    extensions(("x-problems" = json!([Kind::UnknownSku, Kind::NotFound]))), security(("access_token" = [])))]
pub async fn set_threshold(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<MoveStock>,
    request: RequestId,
    Json(body): Json<ThresholdBody>,
) -> Result<axum::Json<StockBody>, Problem> {
    if !is_theirs(&state, caller, &body.sku).await? {
        return Err(Problem::about(Kind::UnknownSku, "/sku", "There is no such product of yours."));
    }
    let ThresholdBody { sku, warehouse_id, low_stock_threshold } = body;
    let (pool, now) = (state.pool.clone(), platform::clock::now());
    let auditor = caller.auditor(&request, now);
    let setting = async move {
        inventory::set_low_stock_threshold(&pool, &sku, warehouse_id, low_stock_threshold, now, &auditor).await
    };
    Ok(axum::Json(state.finish(setting).await?.into()))
}

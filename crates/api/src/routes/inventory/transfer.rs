//! `POST /inventory/transfers`.

use super::stock::StockBody;
use super::{may_manage, unknown_sku_detail};
use crate::body::{FromJson, Members, integer_within, parsed};
use crate::change::{Audited, Detached};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::policy::AdjustStock;
use crate::problem::{Kind, Problem};
use crate::routes::reason;
use crate::routes::warehouses::named::WarehouseFields;
use crate::state::AppState;
use axum::http::StatusCode;
use domain::ids::{TransferId, WarehouseId};
use domain::inventory::{Transfer, UNITS_MAX, WarehouseCode};
use domain::product::Sku;
use inventory::Transferred;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

const FROM: WarehouseFields = WarehouseFields::in_body("from_warehouse_id", "from_warehouse_code");
const TO: WarehouseFields = WarehouseFields::in_body("to_warehouse_id", "to_warehouse_code");

#[derive(Debug, ToSchema)]
pub struct NewTransferBody {
    #[schema(value_type = String, example = "SKU-HEADPHONES")]
    sku: Sku,
    /// Either this or `from_warehouse_code`.
    #[schema(value_type = Option<uuid::Uuid>)]
    from_warehouse_id: Option<WarehouseId>,
    #[schema(value_type = Option<String>, example = "EAST")]
    from_warehouse_code: Option<WarehouseCode>,
    /// Either this or `to_warehouse_code`.
    #[schema(value_type = Option<uuid::Uuid>)]
    to_warehouse_id: Option<WarehouseId>,
    #[schema(value_type = Option<String>, example = "WEST")]
    to_warehouse_code: Option<WarehouseCode>,
    /// Number of units, at most those that are available in the first warehouse.
    #[schema(example = 10, minimum = 1)]
    quantity: u32,
    #[schema(max_length = 200, example = "Rebalancing before the holidays")]
    reason: String,
}

impl FromJson for NewTransferBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let sku = members.required("sku", parsed);
        let (from, to) = (FROM.read(members), TO.read(members));
        let quantity = members.required("quantity", |field| integer_within(field, 1..=UNITS_MAX.into()));
        let reason = members.required("reason", |field| field.text_as(|text| reason::parse(&text)));
        let ((from_warehouse_id, from_warehouse_code), (to_warehouse_id, to_warehouse_code)) = (from?, to?);
        Some(Self {
            sku: sku?,
            from_warehouse_id,
            from_warehouse_code,
            to_warehouse_id,
            to_warehouse_code,
            quantity: quantity?,
            reason: reason?,
        })
    }
}

/// A transfer, and the stock after it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferBody {
    /// `transfer_id` of its two movements.
    id: Uuid,
    #[schema(example = 10)]
    quantity: u32,
    from: StockBody,
    to: StockBody,
}

/// Transfer stock between warehouses
///
/// Both warehouses change at once, with a movement each: `transferred_out` and `transferred_in`. Reserved units stay.
/// A closed warehouse can be emptied, but gets nothing.
#[utoipa::path(post, path = "/inventory/transfers", tag = "inventory", params(KeyParam), request_body = NewTransferBody,
    responses((status = 201, description = "The transfer", body = TransferBody)),
    extensions(("x-problems" = json!([Kind::UnknownSku, Kind::InsufficientStock, Kind::InvalidState, Kind::NotFound]))),
    security(("access_token" = [])))]
pub async fn transfer_stock(
    detached: Detached,
    by: Audited<AdjustStock>,
    IdempotentJson { body, idempotency }: IdempotentJson<NewTransferBody>,
) -> Result<IdempotentResponse, Problem> {
    let (caller, at) = (by.caller, by.at);
    let work = |state: AppState, recorder| async move {
        if !may_manage(&state, caller, &body.sku).await? {
            return Err(Problem::about(Kind::UnknownSku, "/sku", unknown_sku_detail(&body.sku)));
        }
        let (actor, reason) = (caller.actor(), body.reason.clone());
        let transfer = transfer_of(&state, body).await?;
        let by_whom = (actor.as_str(), reason.as_str());
        Ok(inventory::transfer_stock(&state.pool, &transfer, by_whom, at, &recorder).await?)
    };
    detached.run_once(by, idempotency, respond, work).await
}

async fn transfer_of(state: &AppState, body: NewTransferBody) -> Result<Transfer, Problem> {
    let from = FROM.resolve_required(state, (body.from_warehouse_id, body.from_warehouse_code)).await?;
    let to = TO.resolve_required(state, (body.to_warehouse_id, body.to_warehouse_code)).await?;
    let id = TransferId::from_uuid(Uuid::now_v7());
    // The quantity was read as at least 1, so only the warehouses can be wrong.
    Transfer::new(id, body.sku, from, to, body.quantity).map_err(|_same| {
        let detail = "`to_warehouse_id`, `to_warehouse_code`: name another warehouse than the one to transfer from";
        Problem::about(Kind::Validation, "/to_warehouse_id", detail)
    })
}

fn respond(transferred: &Transferred) -> IdempotentResponse {
    let Transferred { id, units, from, to } = transferred.clone();
    let body = TransferBody { id: id.as_uuid(), quantity: units, from: from.into(), to: to.into() };
    IdempotentResponse::json(StatusCode::CREATED, &body)
}

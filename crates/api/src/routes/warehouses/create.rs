//! `POST /warehouses`.

use super::WarehouseBody;
use crate::body::{FromJson, Members, integer_within, parsed, text};
use crate::change::{Audited, Detached};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::policy::ManageWarehouses;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use axum::http::StatusCode;
use domain::ids::WarehouseId;
use domain::inventory::{Warehouse, WarehouseCode};
use domain::location::{Country, Region};
use utoipa::ToSchema;
use uuid::Uuid;

const PRIORITY_DEFAULT: i32 = 100;

#[derive(Debug, ToSchema)]
pub struct NewWarehouseBody {
    #[schema(value_type = String, example = "WEST")]
    code: WarehouseCode,
    #[schema(example = "Reno, Nevada")]
    name: String,
    /// Of several warehouses that can serve an order equally well, the one with the lowest number is used; default 100.
    #[schema(value_type = Option<i32>, example = 2)]
    priority: i32,
    /// ISO 3166-1 alpha-2. Compared with the address of an order by the allocation policy `nearest`.
    #[schema(value_type = Option<String>, example = "US", pattern = "^[A-Za-z]{2}$")]
    country: Option<Country>,
    /// The part of its ISO 3166-2 code after the country. Only with `country`.
    #[schema(value_type = Option<String>, example = "NV", pattern = "^[A-Za-z0-9]{1,3}$")]
    region: Option<Region>,
}

impl FromJson for NewWarehouseBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let code = members.required("code", parsed);
        let name = members.required("name", text);
        let priority = members.optional("priority", |field| integer_within(field, i32::MIN.into()..=i32::MAX.into()));
        let country = members.optional("country", parsed);
        let region = members.optional("region", parsed);
        let priority = priority?.unwrap_or(PRIORITY_DEFAULT);
        Some(Self { code: code?, name: name?, priority, country: country?, region: region? })
    }
}

/// Create a warehouse
///
/// It can receive stock at once.
#[utoipa::path(post, path = "/warehouses", tag = "inventory", params(KeyParam), request_body = NewWarehouseBody,
    responses((status = 201, description = "The warehouse", body = WarehouseBody)),
    extensions(("x-problems" = json!([Kind::AlreadyExists]))), security(("access_token" = [])))]
pub async fn create_warehouse(
    detached: Detached,
    by: Audited<ManageWarehouses>,
    IdempotentJson { body, idempotency }: IdempotentJson<NewWarehouseBody>,
) -> Result<IdempotentResponse, Problem> {
    let id = WarehouseId::from_uuid(Uuid::now_v7());
    let warehouse = Warehouse::new(id, body.code, &body.name, body.priority);
    let warehouse = warehouse.and_then(|warehouse| warehouse.located(body.country, body.region))?;
    let at = by.at;
    let work = |state: AppState, recorder| async move {
        inventory::create_warehouse(&state.pool, &warehouse, at, &recorder).await.map(|()| warehouse)
    };
    detached.run_once(by, idempotency, respond, work).await
}

fn respond(warehouse: &Warehouse) -> IdempotentResponse {
    IdempotentResponse::json(StatusCode::CREATED, &WarehouseBody::from(warehouse.clone()))
}

//! `GET /shipments`.

use super::shipment::ShipmentBody;
use crate::auth::Allowed;
use crate::docs::sets::ShipmentStatusSet;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::ListShipments;
use crate::problem::Problem;
use crate::state::AppState;
use accounts::Role;
use axum::Json;
use axum::extract::State;
use domain::page::PageSize;
use domain::shipment::ShipmentStatus;
use shipping::{ShipmentCursor, ShipmentFilter};

#[derive(Debug)]
pub struct ShipmentQuery {
    status: Option<ShipmentStatus>,
    mine: bool,
    after: Option<ShipmentCursor>,
    limit: PageSize,
}

impl FromQuery for ShipmentQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let status = params.one_of("status");
        let mine = params.flag("mine");
        let after = params.cursor();
        let limit = params.limit();
        Some(Self { status: status?, mine: mine?, after: after?, limit: limit? })
    }
}

/// List shipments
///
/// By vendor, the oldest order first: `status=booked` is the list of what is to be shipped. Vendors see their own
/// only. Shipments from before vendors had their own are listed for staff.
#[utoipa::path(get, path = "/shipments", tag = "shipments",
    params(("status" = inline(Option<ShipmentStatusSet>), Query, description = "Filter by status"),
        ("mine" = Option<bool>, Query, description = "Only shipments of the caller's own products; always so for vendors"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of shipments", body = Page<ShipmentBody>)),
    security(("access_token" = [])))]
pub async fn list_shipments(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<ListShipments>,
    Query(query): Query<ShipmentQuery>,
) -> Result<Json<Page<ShipmentBody>>, Problem> {
    let ShipmentQuery { status, mine, after, limit } = query;
    let vendor = (mine || caller.role == Role::Vendor).then_some(caller.id);
    let page = shipping::list_shipments(&state.pool, &ShipmentFilter { status, vendor, after, limit }).await?;
    let next_cursor = page.next.map(|cursor| cursor.to_string());
    Ok(Json(Page { items: ShipmentBody::of_all(&state, page.items).await?, next_cursor }))
}

//! `PUT /shipments/{tracking_number}/tracking`.

use super::reportable_shipment;
use super::shipment::ShipmentBody;
use crate::body::{FromJson, Json, Members, parsed};
use crate::change::{Audited, Detached};
use crate::params::PathParam;
use crate::policy::ReportShipments;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use domain::shipment::{CARRIER_NAME_LENGTH_MAX, CarrierName, TRACKING_NUMBER_LENGTH_MAX, TrackingNumber};
use shipping::{ShipmentKey, TrackingEntry};
use utoipa::ToSchema;

/// Who transports a shipment.
#[derive(Debug, ToSchema)]
pub struct TrackingBody {
    /// The company that transports it.
    #[schema(value_type = String, min_length = 1, max_length = 60, example = "DHL")]
    carrier: CarrierName,
    /// Its tracking number there: letters, digits and dashes, but not a UUID.
    #[schema(value_type = String, min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9-]{1,40}$", example = "JJD000390007827")]
    tracking_number: TrackingNumber,
}

impl FromJson for TrackingBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let carrier = members.required("carrier", parsed);
        let number = members.required("tracking_number", |field| field.text_as(|text| number(&text)));
        Some(Self { carrier: carrier?, tracking_number: number? })
    }
}

/// A UUID would be read as the id of a shipment.
fn number(text: &str) -> Result<TrackingNumber, String> {
    match text.parse() {
        Ok(ShipmentKey::TrackingNumber(number)) => Ok(number),
        Ok(ShipmentKey::Id(_)) => Err("must be the carrier's number, not the id of a shipment".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Enter a shipment's tracking number
///
/// For shipments of carrier `manual`, from the booking to the hand-over: its milestones can be reported afterwards. A
/// repeated entry replaces the one before. The shipment's `id` stays valid in paths.
#[utoipa::path(put, path = "/shipments/{tracking_number}/tracking", tag = "shipments",
    params(("tracking_number" = String, Path, description = "The shipment's `id` or tracking number")),
    request_body = TrackingBody, responses((status = 200, description = "The shipment", body = ShipmentBody)),
    extensions(("x-problems" = json!([Kind::InvalidState, Kind::AlreadyExists]))), security(("access_token" = [])))]
pub async fn enter_tracking(
    detached: Detached,
    by: Audited<ReportShipments>,
    PathParam(key): PathParam<ShipmentKey>,
    Json(body): Json<TrackingBody>,
) -> Result<axum::Json<ShipmentBody>, Problem> {
    let id = reportable_shipment(&detached.state, by.caller, &key).await?.shipment_id;
    let state = detached.state.clone();
    let TrackingBody { carrier, tracking_number } = body;
    let entry = TrackingEntry { shipment: id.into(), carrier_name: carrier, tracking_number };
    let work =
        |state: AppState| async move { shipping::enter_tracking(&state.write, entry, by.at, &by.auditor()).await };
    detached.run(work).await?;
    let shipment = shipping::find_shipment(&state.pool, &id.into()).await?;
    let shipment = shipment.ok_or_else(|| Problem::not_found("shipment"))?;
    Ok(axum::Json(ShipmentBody::of(&state, shipment).await?))
}

const _: () = assert!(CARRIER_NAME_LENGTH_MAX == 60 && TRACKING_NUMBER_LENGTH_MAX == 40, "as the schema says");

use super::visible_shipment;
use crate::auth::Allowed;
use crate::body::{Field, FromJson, Json, Members, time};
use crate::params::PathParam;
use crate::policy::ReportShipments;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestId;
use crate::state::AppState;
use axum::extract::State;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::shipment::{Milestone, TrackingNumber};
use serde::Serialize;
use shipping::{CarrierEvent, Recorded};
use utoipa::ToSchema;

const NOTE_LENGTH_MAX: usize = 500;
/// How far a carrier's clock may be ahead of ours.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);
/// How far it may be behind: nothing happens to a shipment before it is asked for, but carriers mistake time zones.
const BEHIND_MAX: TimeDelta = TimeDelta::days(1);

#[derive(Debug, ToSchema)]
pub struct ShipmentEventReport {
    /// `handed_over`, `in_transit` or `delivered`.
    #[schema(value_type = String, example = "handed_over")]
    status: Milestone,
    /// When it happened; now unless told otherwise. Not before the shipment was asked for, nor yet to come.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    occurred_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, max_length = 500, example = "Left the yard")]
    note: Option<String>,
}

impl FromJson for ShipmentEventReport {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let status = members.required("status", |field: Field<'_>| {
            field.text_as(|text| text.parse().map_err(|_unknown| "it is handed_over, in_transit or delivered"))
        });
        let occurred_at = members.optional("occurred_at", time);
        let note = members.optional("note", |field| field.text_as(note));
        Some(Self { status: status?, occurred_at: occurred_at?, note: note? })
    }
}

fn note(text: String) -> Result<String, String> {
    let good = (1..=NOTE_LENGTH_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if good { Ok(text) } else { Err(format!("a note is 1 to {NOTE_LENGTH_MAX} characters on one line")) }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RecordedBody {
    /// `moved`: the shipment went on; `noted`: it was that far already; `duplicate`: this was told before.
    #[schema(example = "moved")]
    recorded: &'static str,
}

/// Report how far a shipment is
///
/// Reports may come twice, late or out of order: a shipment never goes back.
#[utoipa::path(post, path = "/shipments/{tracking_number}/events", tag = "shipments",
    params(("tracking_number" = String, Path, description = "As the carrier gave it")),
    request_body = ShipmentEventReport, responses((status = 200, description = "What came of it", body = RecordedBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn record_event(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<ReportShipments>,
    request: RequestId,
    PathParam(number): PathParam<TrackingNumber>,
    Json(body): Json<ShipmentEventReport>,
) -> Result<axum::Json<RecordedBody>, Problem> {
    let now = platform::clock::now();
    let occurred_at = body.occurred_at.unwrap_or(now);
    if occurred_at > now + AHEAD_MAX {
        return Err(Problem::about(Kind::Validation, "/occurred_at", "This is yet to happen."));
    }
    let shipment = visible_shipment(&state, caller, &number).await?;
    if occurred_at < shipment.created_at - BEHIND_MAX {
        let told = format!("This was before the shipment was asked for, at {}.", shipment.created_at.to_rfc3339());
        return Err(Problem::about(Kind::Validation, "/occurred_at", told));
    }
    let (status, note) = (body.status, body.note);
    let event = CarrierEvent { tracking_number: number, status, occurred_at, source: caller.actor(), note };
    let shared = state.clone();
    let auditor = caller.auditor(&request, now);
    let recording =
        async move { shipping::record_carrier_event(&shared.pool, &shared.relay, event, now, &auditor).await };
    let recorded = match state.finish(recording).await? {
        Recorded::Moved => "moved",
        Recorded::Noted => "noted",
        Recorded::Duplicate => "duplicate",
    };
    Ok(axum::Json(RecordedBody { recorded }))
}

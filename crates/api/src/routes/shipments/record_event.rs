//! `POST /shipments/{tracking_number}/events`.

use super::reportable_shipment;
use crate::body::{FromJson, Members, one_of, timestamp};
use crate::change::{Audited, Detached};
use crate::docs::sets::CarrierReportSet;
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::PathParam;
use crate::policy::ReportShipments;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use axum::http::StatusCode;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::shipment::CarrierReport;
use serde::Serialize;
use shipping::{CarrierEvent, Recorded, ShipmentKey};
use utoipa::ToSchema;

const NOTE_LENGTH_MAX: usize = 500;
/// How far a carrier's clock may be ahead of ours.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);
/// How far an event may precede the request of its shipment: impossible, but carriers confuse time zones.
const BEHIND_MAX: TimeDelta = TimeDelta::days(1);

#[derive(Debug, ToSchema)]
pub struct ShipmentEventReport {
    #[schema(value_type = CarrierReportSet, inline)]
    status: CarrierReport,
    /// The time of the event; default now. Not before the shipment was requested, and not in the future.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    occurred_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, max_length = 500, example = "Left the yard")]
    note: Option<String>,
}

impl FromJson for ShipmentEventReport {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let status = members.required("status", one_of);
        let occurred_at = members.optional("occurred_at", timestamp);
        let note = members.optional("note", |field| field.text_as(|text| note(&text)));
        Some(Self { status: status?, occurred_at: occurred_at?, note: note? })
    }
}

fn note(text: &str) -> Result<String, String> {
    domain::text::one_line(text, NOTE_LENGTH_MAX)
        .ok_or_else(|| format!("must be 1 to {NOTE_LENGTH_MAX} characters on one line"))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RecordedBody {
    /// `advanced`: the status changed; `ignored`: recorded, but the shipment had that status or a later one;
    /// `duplicate`: reported before; `kept`: recorded and shown to the people who decide what becomes of it.
    #[schema(example = "advanced")]
    recorded: &'static str,
}

/// Report what happened to a shipment
///
/// Reports may be repeated, late or out of order: the status of a shipment never moves backwards. Exceptions
/// (`failed_attempt`, `lost`, `damaged`, `returned_to_sender`) and the movement of a cancelled shipment do not change it:
/// the order gets `attention`, and an admin decides. A shipment of carrier `manual` needs its tracking number first.
#[utoipa::path(post, path = "/shipments/{tracking_number}/events", tag = "shipments",
    params(("tracking_number" = String, Path, description = "The shipment's `id` or tracking number"), KeyParam),
    request_body = ShipmentEventReport, responses((status = 200, description = "What the report changed", body = RecordedBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn record_event(
    detached: Detached,
    by: Audited<ReportShipments>,
    PathParam(key): PathParam<ShipmentKey>,
    IdempotentJson { body, idempotency }: IdempotentJson<ShipmentEventReport>,
) -> Result<IdempotentResponse, Problem> {
    let now = by.at;
    let occurred_at = body.occurred_at.unwrap_or(now);
    if occurred_at > now + AHEAD_MAX {
        let detail = format!("`occurred_at` must not be in the future, got `{}`", occurred_at.to_rfc3339());
        return Err(Problem::about(Kind::Validation, "/occurred_at", detail));
    }
    let shipment = reportable_shipment(&detached.state, by.caller, &key).await?;
    if occurred_at < shipment.created_at - BEHIND_MAX {
        let detail = format!(
            "`occurred_at` must not be before the shipment was requested at `{}`, got `{}`",
            shipment.created_at.to_rfc3339(),
            occurred_at.to_rfc3339()
        );
        return Err(Problem::about(Kind::Validation, "/occurred_at", detail));
    }
    let (status, note) = (body.status, body.note);
    let event = CarrierEvent { shipment: key, status, occurred_at, source: by.caller.actor(), note };
    let work = |state: AppState, recorder| async move {
        shipping::record_carrier_event(&state.write, event, now, &recorder).await
    };
    detached.run_once(by, idempotency, respond, work).await
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that `Recorder` expects")]
fn respond(recorded: &Recorded) -> IdempotentResponse {
    let recorded = match recorded {
        Recorded::Advanced => "advanced",
        Recorded::Ignored => "ignored",
        Recorded::Duplicate => "duplicate",
        Recorded::Kept => "kept",
    };
    IdempotentResponse::json(StatusCode::OK, &RecordedBody { recorded })
}

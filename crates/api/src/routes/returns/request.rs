//! `POST /orders/{id}/returns`.

use super::actor;
use super::body::ReturnBody;
use crate::body::{Field, FromJson, Members, integer_within, one_of, parsed};
use crate::change::{Audited, Detached};
use crate::docs::sets::ReturnReasonSet;
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::page::Page;
use crate::params::{FromQuery, Params, PathParam, Query};
use crate::policy::RequestReturns;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::routes::orders::refunds::body::RefundAmountsBody;
use crate::state::AppState;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::order::order_request::{LINES_MAX, Note};
use domain::product::Quantity;
use domain::refund::{LineUnits, RefundRefusal};
use domain::returns::{RequestedReturn, ReturnLine, ReturnReason};
use orders::ReturnView;
use payments::RefundError;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, ToSchema)]
pub struct NewReturnBody {
    /// 1 to 100 lines, each at most once.
    #[schema(value_type = Vec<ReturnUnitsBody>, min_items = 1, max_items = 100)]
    lines: Vec<LineUnits>,
    #[schema(value_type = ReturnReasonSet, inline)]
    reason: ReturnReason,
    /// For the vendor, and for staff.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1_000, example = "One ear is silent")]
    note: Option<Note>,
}

#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the schema of `LineUnits` in the OpenAPI description")]
pub struct ReturnUnitsBody {
    #[schema(example = 1, minimum = 1)]
    line_no: i16,
    /// At most the units of the line that are delivered and in no other return.
    #[schema(example = 1, minimum = 1, maximum = 1000)]
    quantity: u32,
}

impl FromJson for NewReturnBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let lines = members.required("lines", |lines| lines.list(LINES_MAX, read_units));
        let reason = members.required("reason", one_of);
        let note = members.optional("note", parsed);
        let lines = lines?;
        if lines.is_empty() {
            return members.refuse_member("lines", "must have at least one line");
        }
        Some(Self { lines, reason: reason?, note: note? })
    }
}

fn read_units(line: Field<'_>) -> Option<LineUnits> {
    line.members(|members| {
        let line_no = members.required("line_no", |field| integer_within(field, 1..=i16::MAX.into()));
        let quantity = members.required("quantity", |field| field.integer_as(Quantity::try_from));
        Some(LineUnits { line_no: line_no?, quantity: quantity? })
    })
}

#[derive(Debug)]
pub struct Preview(bool);

impl FromQuery for Preview {
    fn read(params: &mut Params) -> Option<Self> {
        params.flag("preview").map(Self)
    }
}

/// What a request would become.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnPreviewBody {
    /// One per vendor.
    returns: Vec<PreviewedReturnBody>,
    /// What would be refunded if all units came back; absent if nothing is left to refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<RefundAmountsBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewedReturnBody {
    vendor_id: Uuid,
    lines: Vec<PreviewedLineBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewedLineBody {
    #[schema(example = 1)]
    line_no: i16,
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = 1)]
    quantity: u32,
}

/// Return units of an order
///
/// For the customer who placed the order, and for admins: units that are delivered and in no other return, until the
/// return window of their line ends. Each vendor decides on the own lines, so lines of several vendors become one return
/// each. What arrives is counted; the resellable units go back to the stock, and what was received is refunded.
///
/// With `preview=true` nothing is changed: the response is what would be returned and refunded.
#[utoipa::path(post, path = "/orders/{id}/returns", tag = "returns", request_body = NewReturnBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("preview" = Option<bool>, Query, description = "Whether to change nothing, and to respond with what would be returned"),
        KeyParam),
    responses((status = 201, description = "The returns, one per vendor", body = Page<ReturnBody>),
        (status = 200, description = "With `preview=true`: what would be returned and refunded", body = ReturnPreviewBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn request_return(
    detached: Detached,
    by: Audited<RequestReturns>,
    PathParam(order_id): PathParam<OrderId>,
    Query(Preview(is_preview)): Query<Preview>,
    RequestTrace(trace): RequestTrace,
    IdempotentJson { body, idempotency }: IdempotentJson<NewReturnBody>,
) -> Result<Response, Problem> {
    let (NewReturnBody { lines: units, reason, note }, at) = (body, by.at);
    let (actor, window) = (actor(by.caller), detached.state.options.returns.window());
    let request = orders::RequestReturns { order_id, actor, units, reason, note, window, trace };
    if is_preview {
        return Ok(preview(&detached.state, request, at).await?.into_response());
    }
    let work =
        |state: AppState, recorder| async move { orders::request_returns(&state.write, request, at, &recorder).await };
    Ok(detached.run_once(by, idempotency, respond, work).await?.into_response())
}

#[expect(clippy::ptr_arg, reason = "the signature that `Recorder` expects")]
fn respond(returns: &Vec<ReturnView>) -> IdempotentResponse {
    let page = Page::complete(returns.iter().map(ReturnBody::without_notes));
    IdempotentResponse::json(StatusCode::CREATED, &page)
}

async fn preview(
    state: &AppState,
    request: orders::RequestReturns,
    at: Timestamp,
) -> Result<Json<ReturnPreviewBody>, Problem> {
    let (order_id, units) = (request.order_id, request.units.clone());
    let found = orders::preview_returns(&state.write, request, at).await?;
    let refund = match payments::preview_return(&state.pool, order_id, &found.order, &units).await {
        Ok((quote, amount)) => Some(RefundAmountsBody::of_quote(quote, amount)),
        Err(RefundError::Refused(RefundRefusal::NothingLeft | RefundRefusal::NothingToRefund)) => None,
        Err(error) => return Err(error.into()),
    };
    let returns = found.returns.into_iter().map(PreviewedReturnBody::from).collect();
    Ok(Json(ReturnPreviewBody { returns, refund }))
}

impl From<RequestedReturn> for PreviewedReturnBody {
    fn from(requested: RequestedReturn) -> Self {
        let line = |line: ReturnLine| PreviewedLineBody {
            line_no: line.line_no,
            sku: line.sku.into(),
            quantity: line.quantity.get(),
        };
        Self { vendor_id: requested.vendor_id.as_uuid(), lines: requested.lines.into_iter().map(line).collect() }
    }
}

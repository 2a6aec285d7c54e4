//! `POST /returns/{id}/receive`.

use super::actor;
use super::body::{ReturnBody, respond_changed};
use crate::body::{Field, FromJson, Members, boolean, integer_within, one_of};
use crate::change::{Audited, Detached};
use crate::docs::sets::ConditionSet;
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::PathParam;
use crate::policy::DecideReturns;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::routes::warehouses::named::IN_BODY;
use crate::state::AppState;
use domain::ids::{ReturnId, WarehouseId};
use domain::inventory::WarehouseCode;
use domain::order::order_request::LINES_MAX;
use domain::product::Quantity;
use domain::returns::{Condition, CountedUnits};
use orders::ReceiveReturn;
use strum::VariantNames as _;
use utoipa::ToSchema;

/// Each line can have an entry per condition.
const COUNTS_MAX: usize = LINES_MAX * Condition::VARIANTS.len();

#[derive(Debug, ToSchema)]
pub struct ReceivedReturnBody {
    /// Every unit of the return, by line and condition: what did not arrive is `missing`.
    #[schema(value_type = Vec<ReceivedUnitsBody>, min_items = 1, max_items = 300)]
    lines: Vec<CountedUnits>,
    /// The warehouse that received it; default the one that delivered the units. Or `warehouse_code`.
    #[schema(value_type = Option<uuid::Uuid>)]
    warehouse_id: Option<WarehouseId>,
    #[schema(value_type = Option<String>, example = "EAST")]
    warehouse_code: Option<WarehouseCode>,
}

#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the schema of `CountedUnits` in the OpenAPI description")]
pub struct ReceivedUnitsBody {
    #[schema(example = 1, minimum = 1)]
    line_no: i16,
    #[schema(value_type = ConditionSet, inline)]
    condition: (),
    #[schema(example = 1, minimum = 1, maximum = 1000)]
    quantity: u32,
    /// Whether these units are refunded; default yes for `resellable` and `damaged`. Missing units never are.
    refund: Option<bool>,
}

impl FromJson for ReceivedReturnBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let lines = members.required("lines", |lines| lines.list(COUNTS_MAX, read_count));
        let warehouse = IN_BODY.read_optional_members(members);
        let (lines, (warehouse_id, warehouse_code)) = (lines?, warehouse?);
        if lines.is_empty() {
            return members.refuse_member("lines", "must have at least one entry");
        }
        Some(Self { lines, warehouse_id, warehouse_code })
    }
}

fn read_count(line: Field<'_>) -> Option<CountedUnits> {
    line.members(|members| {
        let line_no = members.required("line_no", |field| integer_within(field, 1..=i16::MAX.into()));
        let condition = members.required("condition", one_of::<Condition>);
        let quantity = members.required("quantity", |field| field.integer_as(Quantity::try_from));
        let refund = members.optional("refund", boolean);
        let (condition, refund) = (condition?, refund?);
        let is_refunded = refund.unwrap_or(condition != Condition::Missing);
        Some(CountedUnits { line_no: line_no?, condition, quantity: quantity?, is_refunded })
    })
}

/// Receive a return
///
/// For the vendor of its lines, and for admins: the goods arrived and are counted. The resellable units go back to the
/// stock of the warehouse, and what is refunded is requested from the gateway; then the return closes. Each of it happens
/// once.
#[utoipa::path(post, path = "/returns/{id}/receive", tag = "returns", request_body = ReceivedReturnBody,
    params(("id" = uuid::Uuid, Path, description = "The return's `id`"), KeyParam),
    responses((status = 200, description = "The return after it", body = ReturnBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn receive_return(
    detached: Detached,
    by: Audited<DecideReturns>,
    PathParam(return_id): PathParam<ReturnId>,
    RequestTrace(trace): RequestTrace,
    IdempotentJson { body, idempotency }: IdempotentJson<ReceivedReturnBody>,
) -> Result<IdempotentResponse, Problem> {
    let ReceivedReturnBody { lines: counts, warehouse_id, warehouse_code } = body;
    let warehouse_id = IN_BODY.resolve(&detached.state, (warehouse_id, warehouse_code)).await?;
    let (request, at) = (ReceiveReturn { return_id, actor: actor(by.caller), warehouse_id, counts, trace }, by.at);
    let work =
        |state: AppState, recorder| async move { orders::receive_return(&state.write, request, at, &recorder).await };
    detached.run_once(by, idempotency, respond_changed, work).await
}

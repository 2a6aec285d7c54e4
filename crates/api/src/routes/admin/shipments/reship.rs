//! `POST /admin/orders/{id}/shipments/{shipment_id}/reship`.

use super::body::{DecidedBody, respond};
use crate::change::{Audited, Detached};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::params::PathParams;
use crate::policy::OperateSagas;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestTrace;
use crate::routes::orders::visible_order;
use crate::routes::reason::ReasonBody;
use crate::state::AppState;
use domain::ids::{OrderId, ShipmentId};
use domain::money::AmountMinor;
use domain::order::OrderDetails;
use domain::order::pricing::PricedLine;
use domain::product::Line;
use domain::saga::ExceptionDecision;
use messaging::Trace;
use orders::{DecideException, Fingerprint, NewOrder, OrderView};

/// The route that the keys of these orders are stored under: one per shipment.
const ROUTE: &str = "POST /admin/orders/{id}/shipments/{shipment_id}/reship";

/// Send the units of a shipment again
///
/// For a shipment that is lost, damaged or on its way back to its sender. Places an order with the same units, products
/// and recipient, without a price: it reserves stock and books shipments like any other, and nothing is charged. The
/// shipment is closed. Once per shipment: a repeat finds the same order. Not for units that are in a return: decide about
/// the return instead.
#[utoipa::path(post, path = "/admin/orders/{id}/shipments/{shipment_id}/reship", tag = "admin", request_body = ReasonBody,
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("shipment_id" = uuid::Uuid, Path, description = "The shipment's `id`"), KeyParam),
    responses((status = 200, description = "The order after the decision, and the one that sends the units again",
        body = DecidedBody)),
    extensions(("x-problems" = json!([Kind::InvalidState, Kind::TooManyRequests]))), security(("access_token" = [])))]
pub async fn reship(
    detached: Detached,
    by: Audited<OperateSagas>,
    PathParams(order_id, shipment_id): PathParams<OrderId, ShipmentId>,
    RequestTrace(trace): RequestTrace,
    IdempotentJson { body, idempotency }: IdempotentJson<ReasonBody>,
) -> Result<IdempotentResponse, Problem> {
    let (caller, reason, at) = (by.caller, body.reason, by.at);
    let work = |state: AppState, recorder| async move {
        let units = orders::find_undeliverable(&state.write, order_id, shipment_id).await?;
        let original = visible_order(&state, caller, order_id).await?;
        let new = free_order(original, &units, shipment_id, trace.clone())?;
        let reshipped_by = Some(state.intake.place(new).await?.order_id);
        let decision = ExceptionDecision::Close { reshipped_by };
        let request = DecideException { order_id, shipment_id, decision, actor: caller.actor(), reason, trace };
        orders::decide_exception(&state.write, request, at, &recorder).await.map_err(Problem::from)
    };
    detached.run_once(by, idempotency, respond, work).await
}

/// An order of `units` at the prices of the original, with a discount of all of it.
fn free_order(original: OrderView, units: &[Line], shipment: ShipmentId, trace: Trace) -> Result<NewOrder, Problem> {
    let lines = units.iter().map(|unit| free_line(&original, unit)).collect::<Result<Vec<_>, _>>()?;
    let total = domain::money::Money::zero(original.order.total.currency);
    let key = shipment.to_string();
    let payment_method = original.payment_method.parse().map_err(Problem::internal)?;
    let details = OrderDetails { recipient: original.recipient, ..OrderDetails::default() };
    Ok(NewOrder {
        customer_id: original.order.customer_id,
        // Not the caller: of two admins who send the units again at once, both find the same order.
        principal: original.order.customer_id.into(),
        route: ROUTE,
        fingerprint: Fingerprint::of(&key),
        key: key.parse().map_err(Problem::internal)?,
        lines,
        shipping_minor: AmountMinor::default(),
        total,
        payment_method,
        note: None,
        details,
        allocation_policy: None,
        trace,
    })
}

fn free_line(original: &OrderView, unit: &Line) -> Result<PricedLine, Problem> {
    let ordered = original.lines.iter().find(|line| line.sku == unit.sku);
    let ordered = ordered.ok_or_else(|| Problem::internal(format!("the order has no line of {}", unit.sku)))?;
    let price = ordered.unit_price.times(unit.quantity.get()).map_err(Problem::internal)?;
    Ok(PricedLine {
        sku: unit.sku.clone(),
        name: ordered.name.clone(),
        vendor_id: ordered.vendor_id,
        quantity: unit.quantity,
        unit_price: ordered.unit_price,
        tax_minor: AmountMinor::default(),
        discount_minor: AmountMinor::try_from(price.amount_minor).map_err(Problem::internal)?,
        may_wait: false,
    })
}

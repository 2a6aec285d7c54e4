//! The table of checks: the name of each, its invariant, and the query that finds offending rows.

use crate::model::offender::{Offender, Scope};
use crate::store::{
    backorders, flow, ledger_entries, money, orphans, refunds, returns, shipments, simulated_gateway, stock, timelines,
};
use sqlx::PgConnection;
use std::pin::Pin;

pub(super) struct Check {
    pub name: &'static str,
    pub promise: &'static str,
    pub offenders: for<'a> fn(&'a mut PgConnection, &'a Scope) -> Offenders<'a>,
}

type Offenders<'a> = Pin<Box<dyn Future<Output = sqlx::Result<Vec<Offender>>> + Send + 'a>>;

/// One entry per check: query, name, invariant.
macro_rules! checks {
    ($($query:path: $name:literal, $promise:literal;)*) => {
        &[$(Check { name: $name, promise: $promise, offenders: |tx, scope| Box::pin($query(tx, scope)) }),*]
    };
}

pub(super) const ALL: &[Check] = checks! {
    stock::out_of_bounds:
        "stock.bounds", "stock is never oversold: 0 <= reserved <= on_hand";
    stock::counters_without_ledger:
        "stock.ledger", "every counter is the sum of its ledger";
    stock::counters_without_reservations:
        "stock.reserved", "the reserved counter is the sum of the active reservations";
    stock::reservations_without_ledger:
        "stock.reservations", "every reservation is in the ledger with its current state";
    stock::one_sided_transfers:
        "stock.transfers", "what leaves a warehouse in a transfer arrives in the other one";
    stock::held_for_closed_orders:
        "stock.returned", "a rejected or cancelled order has no reserved stock";
    stock::orders_without_stock:
        "stock.covered", "units of a confirmed order are reserved or shipped, those of a delivered one shipped";
    backorders::unlike_orders:
        "stock.backorders", "what a waiting order has reserved and misses is what it ordered; no other order misses units";
    backorders::not_filled:
        "stock.filled", "no unit is available for minutes while an order waits for it";
    money::out_of_bounds:
        "money.bounds", "refunded <= captured <= authorized";
    money::authorized_twice:
        "money.once", "no order is charged twice: one live authorization";
    money::sums_without_operations:
        "money.sums", "captured and refunded amounts are the sums of the payment's operations";
    money::unlike_authorization:
        "money.authorized", "an open payment has authorized its amount, a declined one nothing";
    money::operations_of_other_gateways:
        "money.gateway", "every operation goes to the gateway of its payment";
    money::kept_for_closed_orders:
        "money.returned", "of a rejected or cancelled order nothing stays authorized or captured";
    money::orders_without_payment:
        "money.covered", "the total of a confirmed order is authorized, that of a delivered order captured but for cancelled units, or people know of it";
    ledger_entries::unlike_payments:
        "money.ledger", "the amounts of a payment are the sums of its ledger entries";
    refunds::more_than_captured:
        "refunds.captured", "refunds that are not refused are at most what was captured";
    refunds::more_than_lines:
        "refunds.lines", "refunds of a line are at most its units and its amount, the parts of a refund at most its amount";
    refunds::unlike_operations:
        "refunds.operations", "every refund is an operation with its amount and its outcome";
    returns::more_than_shipped:
        "returns.units", "returned units are at most the units that the order got";
    returns::unlike_stock:
        "returns.stock", "the units that returns have restocked are in the stock ledger, and no other returned units of orders";
    returns::unlike_refunds:
        "returns.refunds", "a refunded return is a succeeded refund with its amount, of at most the units that were received";
    returns::incomplete:
        "returns.complete", "a return has its order, its lines, its timeline, and every unit counted once it is received";
    returns::overdue:
        "returns.deadlines", "no return is past its deadline by more than the limit";
    refunds::not_recorded:
        "refunds.recorded", "an order has recorded the outcome of each of its refunds, and shows what is refunded";
    simulated_gateway::charged_twice:
        "simulated_gateway.once", "no order is charged twice by the simulated gateway";
    simulated_gateway::unlike_ledger:
        "simulated_gateway.ledger", "payments of the simulated gateway match its ledger";
    simulated_gateway::unlike_entries:
        "simulated_gateway.entries", "the ledger entries of a payment match the ledger of the simulated gateway";
    simulated_gateway::unknown_operations:
        "simulated_gateway.known", "everything that the simulated gateway executed belongs to an operation of ours";
    simulated_gateway::held_for_closed_orders:
        "simulated_gateway.released", "for a rejected or cancelled order the simulated gateway holds no money";
    simulated_gateway::movements_without_authorization:
        "simulated_gateway.orphans", "no movement of the simulated gateway is without its authorization";
    shipments::active_for_closed_orders:
        "shipments.cancelled", "a rejected or cancelled order has no active shipment";
    shipments::lines_unlike_reservations:
        "shipments.lines", "the shipments of an order contain its reserved units";
    shipments::undelivered_for_delivered_orders:
        "shipments.delivered", "a delivered order has every shipment delivered, or closed after an exception";
    shipments::booked_with_other_carriers:
        "shipments.carrier", "every booked shipment names the carrier of its booking";
    shipments::reships_without_loss:
        "shipments.reships", "an order that sends a shipment again has a lost, damaged or returned one";
    timelines::broken_chains:
        "timeline.gapless", "versions count from 1 without gaps, and each starts with the status of the one before";
    timelines::illegal_transitions:
        "timeline.legal", "an order makes only legal transitions";
    timelines::outdated_timelines:
        "timeline.complete", "the last event has the order's version and status";
    orphans::without_order:
        "orders.exist", "idempotency keys, reservations, payments and shipments belong to an existing order";
    orphans::incomplete_orders:
        "orders.complete", "an order has a saga, and items that add up to its total";
    orphans::without_parent:
        "orphans", "no row is without its parent row";
    flow::unpublished_messages:
        "flow.outbox", "no message waits longer than the limit to be published";
    flow::overdue_sagas:
        "flow.deadlines", "no saga is past its deadline by more than the limit";
    flow::active_sagas_of_closed_orders:
        "flow.ended", "a rejected or cancelled order has no active saga";
    flow::unfinished_removals:
        "flow.removals", "an order that is removed after its time is soon removed from every schema";
};

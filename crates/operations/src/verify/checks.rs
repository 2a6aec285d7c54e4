//! The table of checks: what each is called, what it promises, and the query that looks for offenders.

use super::{Offender, Scope};
use crate::store::{flow, money, orphans, shipments, stock, timelines};
use sqlx::PgConnection;
use std::pin::Pin;

pub(super) struct Check {
    pub name: &'static str,
    pub promise: &'static str,
    pub offenders: for<'a> fn(&'a mut PgConnection, &'a Scope) -> Offenders<'a>,
}

type Offenders<'a> = Pin<Box<dyn Future<Output = sqlx::Result<Vec<Offender>>> + Send + 'a>>;

/// One row a check: its query, its name, its promise.
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
        "stock.reserved", "what is reserved is what active reservations hold";
    stock::reservations_without_ledger:
        "stock.reservations", "every reservation is in the ledger, as far as it has come";
    stock::held_for_the_undone:
        "stock.returned", "nothing is held for a rejected or cancelled order";
    stock::orders_without_goods:
        "stock.covered", "a confirmed order has all its goods held or shipped, a delivered one shipped";
    money::out_of_bounds:
        "money.bounds", "refunded <= captured <= authorized";
    money::authorized_twice:
        "money.once", "no order is charged twice: one live authorization";
    money::sums_without_operations:
        "money.sums", "what was taken and given back is what the gateway was asked for";
    money::unlike_the_gateways_books:
        "money.books", "our books are the gateway's books";
    money::unknown_to_us:
        "money.known", "the gateway did nothing that we did not ask for";
    money::kept_from_the_undone:
        "money.returned", "of a rejected or cancelled order nothing is kept";
    money::held_from_the_undone:
        "money.released", "for a rejected or cancelled order the gateway holds nothing";
    money::orders_without_money:
        "money.covered", "a confirmed order's total is authorized, a delivered one's captured";
    shipments::travelling_for_the_undone:
        "shipments.undone", "nothing travels for a rejected or cancelled order";
    shipments::parcels_unlike_reservations:
        "shipments.packed", "the parcels of an order hold what was reserved for it";
    shipments::undelivered_of_the_delivered:
        "shipments.delivered", "a delivered order has every shipment delivered";
    timelines::broken_chains:
        "timeline.gapless", "versions run from 1 without a gap, each from where the last one ended";
    timelines::illegal_moves:
        "timeline.legal", "an order goes only ways that its states allow";
    timelines::stale_ends:
        "timeline.complete", "the last event says what the order says";
    orphans::without_order:
        "orders.exist", "an accepted key, or what is held for an order, names one that exists";
    orphans::incomplete_orders:
        "orders.whole", "an order has a saga, and lines that add up to its total";
    orphans::without_their_whole:
        "orphans", "no part is without its whole";
    flow::unsaid:
        "flow.outbox", "no message waits to be sent longer than its limit";
    flow::overdue:
        "flow.deadlines", "no saga is past its deadline by more than its limit";
    flow::working_for_the_finished:
        "flow.ended", "a rejected or cancelled order has no saga at work";
};

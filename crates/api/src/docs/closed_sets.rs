//! The meaning of each value of each closed set, added to every field and parameter that has one of its values.

use super::visit::visit;
use serde_json::Value;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{OpenApi as Spec, RefOr};

/// The values of one set, each with its meaning.
type Set = &'static [(&'static str, &'static str)];

const SETS: &[Set] = &[
    // order.status
    &[
        ("pending", "accepted; stock, payment and shipments are being arranged"),
        ("confirmed", "stock is reserved, the payment authorized, the shipments booked"),
        ("shipped", "a carrier has at least one shipment"),
        ("delivered", "every shipment has arrived"),
        ("rejected", "out of stock, declined or unavailable; nothing is reserved or charged"),
        ("cancelling", "being undone"),
        ("cancelled", "undone; nothing is reserved or charged"),
    ],
    // order.payment_status
    &[
        ("unpaid", "no payment yet"),
        ("authorized", "the amount is reserved at the gateway"),
        ("declined", "the gateway refused the payment"),
        ("partly_captured", "the amounts of some shipments are captured"),
        ("captured", "the whole amount is captured"),
        ("voided", "the authorization, if there was one, is released"),
        ("refunded", "the captured amount is paid back"),
        ("partly_refunded", "a part of the captured amount is paid back"),
    ],
    // order.fulfilment_status
    &[
        ("unallocated", "no stock is reserved"),
        ("backordered", "waits for units that are out of stock; others may be reserved"),
        ("allocated", "stock is reserved"),
        ("booked", "the shipments are booked"),
        ("partly_shipped", "carriers have some of the shipments"),
        ("shipped", "carriers have all shipments"),
        ("delivered", "all shipments have arrived"),
        ("released", "the reserved stock, if there was any, is free again"),
    ],
    // return.status
    &[
        ("requested", "the vendor has to decide"),
        ("approved", "the goods may be sent"),
        ("declined", "refused by the vendor"),
        ("cancelled", "given up by the customer before it was received"),
        ("expired", "approved, and not received in time"),
        ("received", "counted; being restocked and refunded"),
        ("closed", "nothing is left to be done"),
    ],
    &[
        ("damaged", "the goods are damaged"),
        ("wrong_item", "something else was ordered"),
        ("not_as_described", "the goods are not what the shop describes"),
        ("no_longer_wanted", "nothing is wrong with the goods"),
        ("other", "see the note"),
    ],
    &[
        ("resellable", "goes back to the stock"),
        ("damaged", "can't be sold again"),
        ("missing", "did not arrive; can be returned later"),
    ],
    &[("not_needed", "no unit is resellable"), ("open", "requested from the inventory"), ("done", "in stock again")],
    &[
        ("not_needed", "no unit is refunded"),
        ("open", "requested, or about to be"),
        ("refused", "the gateway refused it: retry or resolve the refund"),
        ("unresolved", "the gateway can't be asked any more: resolve the refund"),
        ("done", "paid back"),
        ("nothing_left", "nothing was captured and not refunded"),
        ("given_up", "refused, and resolved as such"),
    ],
    // payment.status
    &[
        ("authorizing", "requested; the outcome may be unknown"),
        ("authorized", "nothing is captured yet"),
        ("partly_captured", "a part is captured"),
        ("captured", "the whole amount is captured"),
        ("refunded", "the whole captured amount is paid back"),
        ("declined", "refused by the gateway"),
        ("voiding", "the release is requested"),
        ("voided", "released"),
    ],
    // payment operation kinds
    &[
        ("authorize", "reserve the amount"),
        ("capture", "take the amount of a shipment"),
        ("void", "release what is not captured"),
        ("refund", "pay back"),
        ("reauthorize", "renew the authorization"),
    ],
    // operation.status
    &[
        ("started", "about to be called, or called and without a stored outcome"),
        ("succeeded", "executed"),
        ("declined", "refused by the gateway"),
        ("unknown", "called, and possibly executed; the gateway is asked again"),
    ],
    // money ledger entry kinds
    &[
        ("authorized", "reserved on the payment method"),
        ("captured", "collected"),
        ("voided", "released by a void: it was authorized and not captured"),
        ("refunded", "paid back by a refund"),
        ("reversed", "paid back by a void: it had been captured"),
        ("written_off", "given up after its capture was declined; moves no money"),
    ],
    // settlement.status
    &[
        ("matched", "the gateway reports the same"),
        ("differs", "the gateway reports other sums"),
        ("unreported", "the gateway makes no reports"),
    ],
    // ledger formats
    &[("json", "pages"), ("csv", "the whole range as CSV")],
    // refund.status
    &[
        ("pending", "requested"),
        ("succeeded", "paid back"),
        ("refused", "the gateway refused it; its amount can be refunded again"),
        ("unknown", "requested, and possibly executed; the gateway is asked again"),
        ("manual_review", "the gateway can't be asked any more: resolve it"),
    ],
    // refund.reason
    &[
        ("customer", "the customer asked"),
        ("damaged", "the goods are damaged"),
        ("lost", "the goods are lost"),
        ("goodwill", "nothing is wrong with the goods"),
        ("fraud", "the order is fraudulent"),
        ("other", "none of these"),
    ],
    // refund.scope
    &[
        ("whole", "all that was captured and not refunded"),
        ("lines", "units of lines"),
        ("amount", "an amount that belongs to no line"),
    ],
    // what a person found out about a refund
    &[("succeeded", "the gateway executed it"), ("refused", "the gateway did not execute it")],
    // shipment.status
    &[
        ("requested", "not booked yet"),
        ("booked", "the carrier knows it"),
        ("cancelled", "the booking is cancelled"),
        ("handed_over", "the carrier has it"),
        ("in_transit", "on its way"),
        ("delivered", "arrived"),
    ],
    // carrier reports
    &[
        ("handed_over", "the carrier has it"),
        ("in_transit", "on its way"),
        ("delivered", "arrived"),
        ("failed_attempt", "nobody could take it; the carrier tries again"),
        ("lost", "the carrier can't find it"),
        ("damaged", "damaged on the way"),
        ("returned_to_sender", "on its way back, or back"),
    ],
    // delivery exceptions
    &[
        ("failed_attempt", "nobody could take it; the carrier tries again"),
        ("lost", "the carrier can't find it"),
        ("damaged", "damaged on the way"),
        ("returned_to_sender", "on its way back, or back"),
    ],
    // decisions about them
    &[
        ("dismissed", "the shipment goes on as before"),
        ("closed", "it will not arrive; the order does not wait for it"),
    ],
    // cancellation reasons
    &[
        ("customer_request", "the customer asked"),
        ("admin_request", "an admin decided"),
        ("mistake", "ordered by mistake"),
        ("delay", "takes too long"),
        ("out_of_stock", "can't be shipped"),
        ("fraud", "suspected fraud"),
        ("other", "see the note"),
    ],
    // user roles
    &[
        ("customer", "places orders"),
        ("vendor", "sells products"),
        ("support", "sees what admins see, changes nothing"),
        ("admin", "may do everything"),
    ],
    &[("active", "may log in"), ("disabled", "can't log in, and has no sessions")],
    // stock adjustments
    &[
        ("received", "new stock"),
        ("adjusted", "more or fewer units were found: the difference"),
        ("counted", "all units were counted: how many are on hand"),
        ("returned", "units came back"),
    ],
    // stock movements
    &[
        ("received", "new stock"),
        ("adjusted", "more or fewer units were found"),
        ("counted", "all units were counted"),
        ("reserved", "for an order"),
        ("released", "the order does not need them any more"),
        ("shipped", "left with a shipment"),
        ("returned", "units came back"),
        ("transferred_out", "to another warehouse"),
        ("transferred_in", "from another warehouse"),
        ("compacted", "the sum of the movements of orders that were removed, after the time that they are kept for"),
    ],
    // allocation policies
    &[
        (
            "single_warehouse_first",
            "the whole order from one warehouse if one can, otherwise the most lines per warehouse",
        ),
        ("minimise_splits", "the fewest warehouses"),
        ("priority", "as much as possible from the warehouse with the lowest priority number, then from the next"),
        ("nearest", "the same, but warehouses in the region of `ship_to` come first, then those in its country"),
    ],
    // allocation.status
    &[
        ("undecided", "no decision yet, or undone before one"),
        ("allocated", "every line was allocated; it stays so when the stock is released or shipped"),
        ("waiting", "what was available is allocated; the order waits for the rest"),
        ("rejected", "too few units in all open warehouses together"),
    ],
    // reasons against alternatives
    &[
        ("closed", "it is closed"),
        ("not_enough", "too few units: see `shortages`"),
        ("farther", "the chosen warehouses are nearer to `ship_to`"),
        ("lower_priority", "the chosen warehouses come first by their priority numbers"),
        ("more_shipments", "more warehouses than the chosen ones"),
    ],
    // erasures
    &[
        ("erasing", "the account is erased; orders may be left"),
        ("erased", "the account and all of its orders are erased"),
    ],
    // queues
    &[
        ("orders", "replies to the orders' sagas"),
        ("inventory", "stock"),
        ("payments", "payments"),
        ("shipping", "shipments"),
    ],
    &[
        ("open", "needs a decision"),
        ("replayed", "sent again, and has not failed since"),
        ("discarded", "will not be replayed"),
    ],
    &[("running", "in progress"), ("done", "every job was sent"), ("cancelled", "stopped by an admin")],
    // saga phases
    &[
        ("running", "towards the confirmation"),
        ("undoing", "compensations run"),
        ("delivering", "waits for carriers, captures, deducts stock"),
        ("stuck", "out of retries: an operator has to act"),
        ("ended", "nothing is left to do"),
    ],
    &[
        ("reserve_stock", "reserve stock"),
        ("authorize_payment", "authorize the payment"),
        ("book_shipments", "book the shipments"),
    ],
    &[
        ("stuck", "out of retries: an operator has to act"),
        ("overdue", "past the deadline, not retried yet"),
        ("active", "not ended"),
    ],
    &[("done", "changed something"), ("idle", "nothing to do"), ("failed", "see the error")],
    // processes
    &[("api", "serves HTTP"), ("worker", "consumes the queues"), ("scheduler", "runs the scheduled tasks")],
    // health
    &[
        ("ok", "everything is available"),
        ("degraded", "orders are accepted, but a dependency is not available or accepted orders wait"),
        ("down", "no order is accepted"),
    ],
    &[("ok", "available"), ("down", "not available"), ("busy", "available, but every connection to it is in use")],
    // scopes of API keys
    &[
        ("orders:place", "place orders"),
        ("orders:read", "see orders"),
        ("orders:cancel", "cancel orders"),
        ("orders:adjust_totals", "set tax, discounts and shipping costs; granted by admins only"),
        ("orders:refund", "refund orders, retry and resolve refunds"),
        ("returns:read", "see returns"),
        ("returns:request", "request and cancel returns"),
        ("returns:decide", "approve, decline and receive returns"),
        ("payments:read", "see payments"),
        ("shipments:read", "see shipments"),
        ("shipments:report", "report on shipments"),
        ("products:read", "see earlier prices"),
        ("products:write", "create and change products"),
        ("stock:read", "see stock"),
        ("stock:write", "change stock"),
        ("warehouses:read", "see warehouses"),
        ("warehouses:write", "create and change warehouses"),
        ("users:read", "see users"),
        ("users:write", "change roles, disable users"),
        ("failed_jobs:read", "see failed jobs and replays"),
        ("failed_jobs:write", "decide about failed jobs"),
        ("sagas:read", "see sagas"),
        ("sagas:write", "act on sagas"),
        ("ledger:read", "read the money ledger"),
        ("audit:read", "read the audit log"),
        ("tasks:read", "see scheduled tasks"),
        ("system:read", "see each process"),
    ],
];

/// # Panics
/// If a set has no meanings here.
pub fn describe(spec: &mut Spec) {
    visit(spec, &mut |schema| {
        join_description(schema);
        if let RefOr::T(Schema::Object(object)) = schema
            && let Some(values) = &object.enum_values
        {
            let before = object.description.take().map(|text| format!("{text}\n\n"));
            object.description = Some(before.unwrap_or_default() + &meanings(values));
        }
    });
}

/// utoipa describes a field with a comment as both its set and an object with the comment, which nothing can be.
fn join_description(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::AllOf(parts)) = schema
        && let [RefOr::T(Schema::Object(set)), RefOr::T(Schema::Object(comment))] = parts.items.as_slice()
        && set.enum_values.is_some()
        && comment.properties.is_empty()
    {
        let mut set = set.clone();
        set.description.clone_from(&comment.description);
        *schema = RefOr::T(Schema::Object(set));
    }
}

fn meanings(values: &[Value]) -> String {
    // An optional field may have null as one more value.
    let names: Vec<_> = values.iter().filter_map(Value::as_str).collect();
    let has_them = |set: &&Set| set.iter().map(|(name, _)| *name).eq(names.iter().copied());
    let set = SETS.iter().find(has_them).unwrap_or_else(|| panic!("say in docs/closed_sets.rs what {values:?} mean"));
    let lines: Vec<_> = set.iter().map(|(name, meaning)| format!("- `{name}`: {meaning}")).collect();
    lines.join("\n")
}

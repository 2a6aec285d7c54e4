//! `crates/STATES.md` shows the state machines of the domain, and is generated from them.

use crate::returns::{INPUTS, after, in_state};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::{ShipmentId, WarehouseId};
use domain::messages::{PaymentCommand, VoidPayment};
use domain::money::Money;
use domain::order::{OrderStatus, OrderTransition};
use domain::payment::{CaptureAttempt, Payment, VoidResult};
use domain::refund::{RefundStatus, RefundTransition};
use domain::returns::ReturnStatus;
use domain::saga::PlanVersion;
use domain::shipment::{Milestone, Shipment, Waybill};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use strum::IntoEnumIterator;
use uuid::Uuid;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../STATES.md");
/// Set to any value, it makes the test write the file.
const UPDATE: &str = "UPDATE_STATES";

/// (from, to) -> the events that lead there.
type Edges = BTreeMap<(String, String), BTreeSet<String>>;

#[test]
fn the_diagrams_of_the_state_machines_are_those_of_the_code() {
    let generated = document();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(FILE, &generated).expect("STATES.md to be writable");
    }

    let written = std::fs::read_to_string(Path::new(FILE)).expect("crates/STATES.md");

    assert!(
        written == generated,
        "crates/STATES.md is outdated: run this test with {UPDATE}=1, and read the difference"
    );
}

fn document() -> String {
    let mut text = String::from(
        "# State machines\n\n\
         Generated from the code by `crates/domain/tests/it/states.rs`, which fails when this file is outdated.\n\
         Repeated and obsolete events change nothing, and are not drawn.\n",
    );
    let orders = orders();
    text += &section("Orders", "`domain::order::OrderStatus::apply`.", "pending", &orders);
    text += &section(
        "Payments",
        "`domain::payment::Payment`: requests of commands, and reports of the gateway.",
        "[none]",
        &payments(),
    );
    text += &section("Refunds", "`domain::refund::RefundStatus`.", "pending", &refunds());
    text += &section(
        "Returns",
        "`domain::returns::Return`. Restocking and refunding run side by side, each without end.",
        "requested",
        &returns(),
    );
    text += &section("Shipments", "`domain::shipment::Shipment`.", "requested", &shipments());
    text + &saga()
}

fn section(title: &str, source: &str, first: &str, edges: &Edges) -> String {
    let mut text = format!("\n## {title}\n\nSource: {source}\n\n```mermaid\nstateDiagram-v2\n");
    if first != "[none]" {
        let _ = writeln!(text, "    [*] --> {first}");
    }
    for ((from, to), events) in edges {
        let events = events.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let from = if from == "[none]" { "[*]" } else { from };
        let _ = writeln!(text, "    {from} --> {to}: {events}");
    }
    let from: BTreeSet<&String> = edges.keys().map(|(from, _)| from).collect();
    let ends: BTreeSet<&String> = edges.keys().map(|(_, to)| to).filter(|to| !from.contains(to)).collect();
    for end in ends {
        let _ = writeln!(text, "    {end} --> [*]");
    }
    text + "```\n"
}

fn orders() -> Edges {
    let mut edges = Edges::new();
    for from in OrderStatus::iter() {
        for transition in OrderTransition::iter() {
            if let Ok(Applied::Changed(to)) = from.apply(transition) {
                edges.entry((from.to_string(), to.to_string())).or_default().insert(transition.to_string());
            }
        }
    }
    edges
}

/// The name of an event and the state after it, if it changes anything.
type Event<'a, S> = (&'a str, &'a dyn Fn(S) -> Option<S>);

/// All edges between the statuses of the states that `events` reach from `start`.
fn explore<S: Clone + PartialEq>(start: S, status: impl Fn(&S) -> String, events: &[Event<S>]) -> Edges {
    let (mut known, mut next, mut edges) = (vec![start], 0, Edges::new());
    while let Some(from) = known.get(next).cloned() {
        next += 1;
        for (event, apply) in events {
            let Some(to) = apply(from.clone()) else { continue };
            let (before, after) = (status(&from), status(&to));
            if before != after {
                edges.entry((before, after)).or_default().insert((*event).to_owned());
            }
            if !known.contains(&to) {
                known.push(to);
            }
        }
    }
    edges
}

fn changed<S, E>(result: Result<Applied<S>, E>) -> Option<S> {
    match result {
        Ok(Applied::Changed(state)) => Some(state),
        Ok(Applied::Unchanged) | Err(_) => None,
    }
}

fn shipments() -> Edges {
    let waybill = || Waybill {
        carrier: "sim".to_owned(),
        tracking_number: "A".parse().expect("a tracking number"),
        promised_by: Timestamp::UNIX_EPOCH,
        carrier_name: None,
    };
    let report = |milestone| move |shipment: Shipment| changed(shipment.report(milestone, Timestamp::UNIX_EPOCH));
    explore(
        Shipment::Requested,
        |shipment| shipment.status().to_string(),
        &[
            ("book", &|shipment| changed(shipment.book(waybill()))),
            ("cancel", &|shipment| changed(shipment.cancel())),
            ("report handed_over", &report(Milestone::HandedOver)),
            ("report in_transit", &report(Milestone::InTransit)),
            ("report delivered", &report(Milestone::Delivered)),
        ],
    )
}

/// A payment of 2, captured for two shipments of 1 each.
fn payments() -> Edges {
    let usd = |amount_minor| Money { amount_minor, currency: "USD".parse().expect("a currency") };
    let order = crate::script::order_id();
    let capture_of = |number| {
        let shipment = ShipmentId::of(order, WarehouseId::from_uuid(Uuid::from_u128(number)));
        CaptureAttempt { shipment, attempt: 1 }
    };
    let open = |payment: Option<Payment>, apply: &dyn Fn(Payment) -> Option<Payment>| payment.and_then(apply).map(Some);
    let capture = |number| move |payment| open(payment, &|it| changed(it.capture(capture_of(number), usd(1))));
    let captured = |number| move |payment| open(payment, &|it| changed(it.captured(capture_of(number))));
    let refund = |cause: &'static str| move |payment| open(payment, &|it| changed(it.refund(cause.to_owned(), usd(1))));
    let refunded = |cause: &'static str| move |payment| open(payment, &|it| changed(it.refunded(&cause.to_owned())));
    let found = |payment: &Payment| VoidResult {
        authorized: true,
        captured_minor: payment.balance().map_or(0, |it| it.captured_minor),
        refunded_by_void_minor: 0,
    };
    explore(
        None,
        |payment: &Option<Payment>| payment.as_ref().map_or("[none]".to_owned(), |it| it.status().to_string()),
        &[
            ("authorize", &|payment| changed(Payment::authorize(payment, usd(2))).map(Some)),
            ("void", &|payment| {
                changed(Payment::request(payment, &PaymentCommand::Void(VoidPayment { order_id: order }))).map(Some)
            }),
            ("reported authorized", &|payment| open(payment, &|it| changed::<_, ()>(Ok(it.authorized(usd(2)))))),
            ("reported declined", &|payment| open(payment, &|it| changed::<_, ()>(Ok(it.declined(String::new()))))),
            ("capture", &capture(1)),
            ("capture", &capture(2)),
            ("reported captured", &captured(1)),
            ("reported captured", &captured(2)),
            ("refund", &refund("a")),
            ("refund", &refund("b")),
            ("reported refunded", &refunded("a")),
            ("reported refunded", &refunded("b")),
            ("reported voided", &|payment| {
                open(payment, &|it| {
                    let found = found(&it);
                    changed(it.voided(found))
                })
            }),
        ],
    )
}

fn refunds() -> Edges {
    let mut edges = Edges::new();
    for (from, transition) in RefundStatus::iter().flat_map(|from| RefundTransition::iter().map(move |to| (from, to))) {
        if let Ok(Applied::Changed(to)) = from.apply(transition) {
            edges.entry((from.to_string(), to.to_string())).or_default().insert(transition.to_string());
        }
    }
    edges
}

fn returns() -> Edges {
    let mut edges = Edges::new();
    for (from, input) in ReturnStatus::iter().flat_map(|from| INPUTS.map(|input| (from, input))) {
        if let Some(to) = after(in_state(from), input).filter(|to| *to != from) {
            edges.entry((from.to_string(), to.to_string())).or_default().insert(input.to_owned());
        }
    }
    let (received, closed) = (ReturnStatus::Received.to_string(), ReturnStatus::Closed.to_string());
    edges.insert((received, closed), BTreeSet::from(["restocked and refunded".to_owned()]));
    edges
}

/// The current plan: forward along the steps, back along the compensations.
fn saga() -> String {
    let plan = PlanVersion::CURRENT.plan();
    let mut edges = String::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let next = plan.steps.get(index + 1).map_or("deliver_shipments".to_owned(), |next| next.name.to_string());
        let _ = writeln!(edges, "    {} --> {next}: done", step.name);
        let before = index.checked_sub(1).map(|earlier| format!("undo_{}", plan.steps[earlier].name));
        let after_undo = before.unwrap_or_else(|| "ended".to_owned());
        let _ = writeln!(edges, "    {} --> {after_undo}: refused", step.name);
        let _ = writeln!(
            edges,
            "    {} --> undo_{}: {} attempts without a reply, cancelled",
            step.name, step.name, step.attempts_max
        );
        if let Some(waiting) = step.waiting {
            let _ = writeln!(
                edges,
                "    {0} --> {0}: backordered\n    {0} --> undo_{0}: backordered and {1} attempts",
                step.name, waiting.attempts_max
            );
        }
        let _ = writeln!(edges, "    undo_{} --> {after_undo}: {} done", step.name, step.compensation_type());
    }
    let last = plan.last().name;
    format!(
        "\n## The saga of an order\n\nSource: `domain::saga`, plan {}. A step runs its command; `undo_` is its compensation.\n\n\
         ```mermaid\nstateDiagram-v2\n    [*] --> {}\n{edges}    \
         deliver_shipments --> undo_{last}: cancelled\n    \
         undo_{last} --> {last}: too late, not booked yet\n    \
         undo_{last} --> deliver_shipments: too late, booked\n    \
         deliver_shipments --> ended: all delivered, captured and shipped\n    ended --> [*]\n```\n\n\
         The steps with their retry policies:\n\n```text\n{plan}```\n",
        plan.version,
        plan.first().name,
    )
}

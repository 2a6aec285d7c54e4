//! Every transition of an order from every status, as one table.

use domain::applied::Applied::{self, Changed, Unchanged};
use domain::ids::{OrderId, ShipmentId};
use domain::order::OrderStatus::{self, Cancelled, Cancelling, Confirmed, Delivered, Pending, Rejected, Shipped};
use domain::order::OrderTransition::{
    self, BeginCancelling, Confirm, Deliver, FinishCancelling, Reject, ResumeConfirmed, ResumePending, Ship,
};
use domain::order::{InvalidTransition, Order, TimelineEntry};
use rstest::rstest;
use strum::IntoEnumIterator;
use uuid::Uuid;

const LEGAL: &[(OrderStatus, OrderTransition, Applied<OrderStatus>)] = &[
    (Pending, Confirm, Changed(Confirmed)),
    (Pending, Reject, Changed(Rejected)),
    (Pending, BeginCancelling, Changed(Cancelling)),
    (Pending, ResumePending, Unchanged),
    (Confirmed, Confirm, Unchanged),
    (Confirmed, Ship, Changed(Shipped)),
    (Confirmed, BeginCancelling, Changed(Cancelling)),
    (Confirmed, ResumeConfirmed, Unchanged),
    (Shipped, Ship, Unchanged),
    (Shipped, Deliver, Changed(Delivered)),
    (Delivered, Deliver, Unchanged),
    (Rejected, Reject, Unchanged),
    (Cancelling, BeginCancelling, Unchanged),
    (Cancelling, FinishCancelling, Changed(Cancelled)),
    (Cancelling, ResumePending, Changed(Pending)),
    (Cancelling, ResumeConfirmed, Changed(Confirmed)),
    (Cancelled, BeginCancelling, Unchanged),
    (Cancelled, FinishCancelling, Unchanged),
];

#[test]
fn every_transition_is_legal_repeated_or_refused() {
    for from in OrderStatus::iter() {
        for transition in OrderTransition::iter() {
            let legal = LEGAL.iter().find(|row| (row.0, row.1) == (from, transition));
            let expected = legal.map(|row| row.2.clone()).ok_or(InvalidTransition { transition, from });

            assert_eq!(from.apply(transition), expected, "{from}, {transition}");
        }
    }
}

#[test]
fn nothing_leaves_a_final_status() {
    for from in OrderStatus::iter().filter(|status| status.is_final()) {
        for transition in OrderTransition::iter() {
            assert!(!matches!(from.apply(transition), Ok(Changed(_))), "{from}, {transition}");
        }
    }
}

#[test]
fn each_transition_has_a_function() {
    assert_eq!(Pending.confirm(), Ok(Changed(Confirmed)));
    assert_eq!(Confirmed.ship(), Ok(Changed(Shipped)));
    assert_eq!(Shipped.deliver(), Ok(Changed(Delivered)));
    assert_eq!(Pending.reject(), Ok(Changed(Rejected)));
    assert_eq!(Confirmed.begin_cancelling(), Ok(Changed(Cancelling)));
    assert_eq!(Cancelling.finish_cancelling(), Ok(Changed(Cancelled)));
    assert_eq!(Cancelling.resume_pending(), Ok(Changed(Pending)));
    assert_eq!(Cancelling.resume_confirmed(), Ok(Changed(Confirmed)));
}

#[test]
fn a_refusal_names_the_transition_and_the_status() {
    let refused = Shipped.begin_cancelling().unwrap_err();

    assert_eq!(refused.to_string(), "begin_cancelling is not possible while the order is shipped");
}

#[rstest]
#[case::accepted(TimelineEntry::Accepted, "accepted", None)]
#[case::rejected(TimelineEntry::Rejected { reason: "out_of_stock".to_owned() }, "rejected", Some(r#"{"reason":"out_of_stock"}"#))]
#[case::delivered(
    TimelineEntry::ShipmentDelivered { shipment_id: ShipmentId::from_uuid(Uuid::nil()), remaining: 1 },
    "shipment_delivered",
    Some(r#"{"shipment_id":"00000000-0000-0000-0000-000000000000","remaining":1}"#)
)]
fn an_entry_has_a_kind_and_its_fields_as_detail(
    #[case] entry: TimelineEntry,
    #[case] kind: &str,
    #[case] detail: Option<&str>,
) {
    let expected = detail.map(|json| serde_json::from_str(json).unwrap());

    assert_eq!((entry.kind(), entry.detail()), (kind, expected));
}

#[test]
fn an_illegal_entry_is_refused() {
    let (order, _) = Order::accept(OrderId::from_uuid(Uuid::nil()), crate::script::usd(100), "sim_ok".to_owned());
    let delivered = TimelineEntry::ShipmentDelivered { shipment_id: ShipmentId::from_uuid(Uuid::nil()), remaining: 0 };

    assert_eq!(order.record(delivered), Err(InvalidTransition { transition: Deliver, from: Pending }));
}

//! Every transition of an order from every status, as one table.

use domain::ids::{OrderId, ShipmentId};
use domain::order::Applied::{self, Already, Now};
use domain::order::OrderStatus::{self, Cancelled, Cancelling, Confirmed, Delivered, Pending, Rejected, Shipped};
use domain::order::Transition::{
    self, BeginCancelling, Confirm, Deliver, FinishCancelling, Reject, ResumeConfirmed, ResumePending, Ship,
};
use domain::order::{Entry, InvalidTransition, Order};
use rstest::rstest;
use strum::IntoEnumIterator;
use uuid::Uuid;

const LEGAL: &[(OrderStatus, Transition, Applied<OrderStatus>)] = &[
    (Pending, Confirm, Now(Confirmed)),
    (Pending, Reject, Now(Rejected)),
    (Pending, BeginCancelling, Now(Cancelling)),
    (Pending, ResumePending, Already),
    (Confirmed, Confirm, Already),
    (Confirmed, Ship, Now(Shipped)),
    (Confirmed, BeginCancelling, Now(Cancelling)),
    (Confirmed, ResumeConfirmed, Already),
    (Shipped, Ship, Already),
    (Shipped, Deliver, Now(Delivered)),
    (Delivered, Deliver, Already),
    (Rejected, Reject, Already),
    (Cancelling, BeginCancelling, Already),
    (Cancelling, FinishCancelling, Now(Cancelled)),
    (Cancelling, ResumePending, Now(Pending)),
    (Cancelling, ResumeConfirmed, Now(Confirmed)),
    (Cancelled, BeginCancelling, Already),
    (Cancelled, FinishCancelling, Already),
];

#[test]
fn every_transition_is_legal_repeated_or_refused_by_name() {
    for from in OrderStatus::iter() {
        for transition in Transition::iter() {
            let legal = LEGAL.iter().find(|row| (row.0, row.1) == (from, transition));
            let expected = legal.map(|row| row.2.clone()).ok_or(InvalidTransition { transition, from });

            assert_eq!(from.take(transition), expected, "{from}, {transition}");
        }
    }
}

#[test]
fn nothing_leaves_a_final_status() {
    for from in OrderStatus::iter().filter(|status| status.is_final()) {
        for transition in Transition::iter() {
            assert!(!matches!(from.take(transition), Ok(Now(_))), "{from}, {transition}");
        }
    }
}

#[test]
fn each_transition_has_a_function_of_its_name() {
    assert_eq!(Pending.confirm(), Ok(Now(Confirmed)));
    assert_eq!(Confirmed.ship(), Ok(Now(Shipped)));
    assert_eq!(Shipped.deliver(), Ok(Now(Delivered)));
    assert_eq!(Pending.reject(), Ok(Now(Rejected)));
    assert_eq!(Confirmed.begin_cancelling(), Ok(Now(Cancelling)));
    assert_eq!(Cancelling.finish_cancelling(), Ok(Now(Cancelled)));
    assert_eq!(Cancelling.resume_pending(), Ok(Now(Pending)));
    assert_eq!(Cancelling.resume_confirmed(), Ok(Now(Confirmed)));
}

#[test]
fn a_refusal_says_what_was_wanted_and_where_the_order_is() {
    let refused = Shipped.begin_cancelling().unwrap_err();

    assert_eq!(refused.to_string(), "begin_cancelling is not possible while the order is shipped");
}

#[rstest]
#[case::accepted(Entry::Accepted, "accepted", None)]
#[case::rejected(Entry::Rejected { reason: "out_of_stock".to_owned() }, "rejected", Some(r#"{"reason":"out_of_stock"}"#))]
#[case::delivered(
    Entry::ShipmentDelivered { shipment_id: ShipmentId::from_uuid(Uuid::nil()), remaining: 1 },
    "shipment_delivered",
    Some(r#"{"shipment_id":"00000000-0000-0000-0000-000000000000","remaining":1}"#)
)]
fn an_entry_has_a_kind_and_its_members_as_detail(
    #[case] entry: Entry,
    #[case] kind: &str,
    #[case] detail: Option<&str>,
) {
    let expected = detail.map(|json| serde_json::from_str(json).unwrap());

    assert_eq!((entry.kind(), entry.detail()), (kind, expected));
}

#[test]
fn an_entry_that_does_not_fit_leaves_no_order_behind() {
    let (order, _) = Order::accept(OrderId::from_uuid(Uuid::nil()), crate::script::usd(100), "sim_ok".to_owned());
    let delivered = Entry::ShipmentDelivered { shipment_id: ShipmentId::from_uuid(Uuid::nil()), remaining: 0 };

    assert_eq!(order.record(delivered), Err(InvalidTransition { transition: Deliver, from: Pending }));
}

//! Every transition of a refund from every status.

use domain::applied::Applied;
use domain::refund::{RefundResolution, RefundStatus, RefundTransition};
use strum::IntoEnumIterator;

#[rustfmt::skip]
const TABLE: &[(RefundTransition, [&str; 5])] = &[
    //                               pending          succeeded    refused      unknown          manual_review
    (RefundTransition::Succeed,      ["succeeded",     "=",         "succeeded", "succeeded",     "succeeded"]),
    (RefundTransition::Refuse,       ["refused",       "-",         "=",         "refused",       "refused"]),
    (RefundTransition::LoseResponse, ["unknown",       "=",         "=",         "=",             "="]),
    (RefundTransition::Expire,       ["manual_review", "=",         "=",         "manual_review", "="]),
    (RefundTransition::Resolve,      ["-",             "-",         "-",         "-",             "-"]),
    (RefundTransition::Retry,        ["-",             "-",         "pending",   "-",             "-"]),
];

#[test]
fn every_transition_from_every_status_matches_the_table() {
    for (transition, expected) in TABLE {
        for (from, expected) in RefundStatus::iter().zip(expected) {
            let after = match from.apply(*transition) {
                Ok(Applied::Changed(status)) => status.to_string(),
                Ok(Applied::Unchanged) => "=".to_owned(),
                Err(_) => "-".to_owned(),
            };
            assert_eq!(after, *expected, "{transition} from {from}");
        }
    }
    assert_eq!(TABLE.len(), RefundTransition::iter().count());
}

#[test]
fn a_person_resolves_only_what_nobody_can_look_up() {
    for from in RefundStatus::iter() {
        let found = |resolution| from.resolve(resolution).ok();
        let is_open = from == RefundStatus::ManualReview;
        let acknowledged = (from == RefundStatus::Refused).then_some(Applied::Unchanged);
        let changed = |status| is_open.then_some(Applied::Changed(status));
        assert_eq!(found(RefundResolution::Succeeded), changed(RefundStatus::Succeeded), "{from}");
        assert_eq!(found(RefundResolution::Refused), acknowledged.or(changed(RefundStatus::Refused)), "{from}");
    }
}

#[test]
fn only_a_refused_refund_does_not_count_as_refunded() {
    let counting: Vec<_> = RefundStatus::iter().filter(|status| status.counts()).collect();
    let expected = [RefundStatus::Pending, RefundStatus::Succeeded, RefundStatus::Unknown, RefundStatus::ManualReview];
    assert_eq!(counting, expected);
}

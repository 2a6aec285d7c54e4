//! A snapshot of the topology, so that every change of it is seen in review.

use messaging::topology::{RetrySchedule, describe};

#[test]
fn the_topology_is_as_it_was_agreed() {
    insta::assert_snapshot!(describe(&RetrySchedule::default()));
}

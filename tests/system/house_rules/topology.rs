//! What we have on the broker changes only where a review sees it.

use messaging::topology::{RetrySchedule, describe};

#[test]
fn the_topology_is_as_it_was_agreed() {
    insta::assert_snapshot!(describe(&RetrySchedule::default()));
}

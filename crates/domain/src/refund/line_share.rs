//! The share of units in an amount of a whole line. Shares are differences of cumulative sums, so that the refunds of
//! all units add up to exactly the line's amount, whatever the sequence.

/// What `units` of `all` cost of `total_minor`, rounded down, as the shipments of an order share its lines.
pub(crate) fn share(total_minor: i64, units: i64, all: i64) -> i64 {
    if all <= 0 {
        return 0;
    }
    let shared = (i128::from(total_minor) * i128::from(units)).div_euclid(i128::from(all));
    i64::try_from(shared).unwrap_or(i64::MAX)
}

/// The part of the cumulative share that earlier refunds have not refunded.
pub(super) fn next_share(total_minor: i64, units: i64, all: i64, refunded_minor: i64) -> i64 {
    (share(total_minor, units, all) - refunded_minor).max(0)
}

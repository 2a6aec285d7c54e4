//! The payment methods of the simulated gateway: each is a rehearsal of what gateways do.

use strum::VariantNames;

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
pub(super) enum Method {
    /// Works.
    #[strum(serialize = "sim_ok")]
    Ok,
    /// The card is declined.
    #[strum(serialize = "sim_declined")]
    Declined,
    /// Works, but the answer to the first call under each key is lost.
    #[strum(serialize = "sim_timeout")]
    Timeout,
    /// The first two calls under each key get a 503.
    #[strum(serialize = "sim_flaky")]
    Flaky,
    /// An authorization never gets an answer, and nothing is set aside.
    #[strum(serialize = "sim_down")]
    Down,
}

/// What `payment_method` may be.
pub const METHODS: &[&str] = Method::VARIANTS;
/// What it is when an order names none.
pub const METHOD_DEFAULT: &str = "sim_ok";

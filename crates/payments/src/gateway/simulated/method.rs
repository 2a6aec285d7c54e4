//! The payment methods of the simulated gateway. Each simulates one behaviour of real gateways.

use strum::VariantNames;

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
pub(super) enum Method {
    /// Succeeds.
    #[strum(serialize = "sim_ok")]
    Ok,
    /// The card is declined.
    #[strum(serialize = "sim_declined")]
    Declined,
    /// Succeeds, but the response to the first call under each key is lost.
    #[strum(serialize = "sim_timeout")]
    Timeout,
    /// The first two calls under each key get a 503 response.
    #[strum(serialize = "sim_flaky")]
    Flaky,
    /// An authorization never gets a response, and nothing is authorized.
    #[strum(serialize = "sim_down")]
    Down,
    /// The first capture is declined. Captures under other keys succeed.
    #[strum(serialize = "sim_capture_declined")]
    CaptureDeclined,
    /// The first refund is declined. Refunds under other keys succeed.
    #[strum(serialize = "sim_refund_declined")]
    RefundDeclined,
    /// The authorization expires before the first capture: captures are declined until it is renewed.
    #[strum(serialize = "sim_auth_expires")]
    AuthExpires,
    /// The first hundred voids get no response, and nothing is voided: enough for an undo to get stuck.
    #[strum(serialize = "sim_void_down")]
    VoidDown,
}

/// Valid values of `payment_method`.
pub(super) const METHODS: &[&str] = Method::VARIANTS;
/// The payment method of orders that name none.
pub(super) const METHOD_DEFAULT: &str = "sim_ok";

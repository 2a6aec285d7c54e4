//! The gateway calls, made between the two transactions.

use crate::gateway::{Authorize, Gateways, LookUp, Movement, Outcome, PaymentGateway, Receipt, StartedGateway, Voided};
use domain::Timestamp;
use domain::ids::{OrderId, ProviderKey};
use domain::money::Money;
use domain::payment::{CaptureAttempt, Operation, Refusal};
use platform::metrics::provider::{self, ProviderCalls};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const AUTHORIZE: &str = "authorize";
const CAPTURE: &str = "capture";
const REFUND: &str = "refund";
const REAUTHORIZE: &str = "reauthorize";
const VOID: &str = "void";
const LOOK_UP: &str = "look_up";
const OPERATIONS: &[&str] = &[AUTHORIZE, CAPTURE, REFUND, REAUTHORIZE, VOID, LOOK_UP];

/// The gateway call that one message needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The outcome is stored already.
    NotNeeded,
    /// The payment's state does not allow the command.
    Refused(Refusal),
    Void {
        order_id: OrderId,
        /// The gateway of the payment.
        gateway: String,
    },
    Perform(KeyedOperation),
}

/// An operation that the gateway executes once under its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedOperation {
    pub order_id: OrderId,
    /// The gateway of the payment.
    pub gateway: String,
    pub request: OperationRequest,
    /// It was requested before: look up the result of that first.
    pub look_up_first: bool,
    /// The gateway still keeps the key: an operation it does not know may be requested again.
    pub repeatable: bool,
}

/// What to execute. A void has no key and is not among these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationRequest {
    Authorize { amount: Money, method: String },
    Capture { capture: CaptureAttempt, amount: Money },
    Refund { cause: String, amount: Money },
    Reauthorize { attempt: u32, amount: Money },
}

/// The result of a [`Call`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallResult {
    NotNeeded,
    Refused(Refusal),
    Reported(Report),
    /// The gateway does not know the operation, and its key may have expired there.
    KeyExpired(Report),
}

/// The gateway's response to an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// With the amount to authorize.
    Authorize(Money, Outcome<Receipt>),
    Capture(CaptureAttempt, Outcome<Receipt>),
    Refund(String, Outcome<Receipt>),
    Reauthorize(u32, Outcome<Receipt>),
    Void(Outcome<Voided>),
}

/// The started gateways by name. Each call goes to the gateway that it names.
#[derive(Debug)]
pub(crate) struct MeteredGateways(HashMap<&'static str, MeteredGateway>);

/// A gateway whose calls have a timeout and are counted in the metrics.
#[derive(Debug)]
struct MeteredGateway {
    gateway: Arc<dyn PaymentGateway>,
    /// After this time the outcome of a call counts as unknown.
    timeout: Duration,
    metrics: ProviderCalls,
}

impl MeteredGateways {
    pub fn new(gateways: &Gateways, timeout: Duration) -> Self {
        let metered = gateways.started().iter().map(|StartedGateway { info, gateway }| {
            let metrics = ProviderCalls::to(&format!("{}_gateway", info.name), OPERATIONS);
            (info.name, MeteredGateway { gateway: Arc::clone(gateway), timeout, metrics })
        });
        Self(metered.collect())
    }

    pub async fn execute(&self, call: Call) -> CallResult {
        match call {
            Call::NotNeeded => CallResult::NotNeeded,
            Call::Refused(refusal) => CallResult::Refused(refusal),
            Call::Void { order_id, gateway } => {
                let outcome = match self.0.get(&*gateway) {
                    Some(gateway) => gateway.void(order_id).await,
                    None => Outcome::unknown(not_started(&gateway)),
                };
                CallResult::Reported(Report::Void(outcome))
            }
            Call::Perform(operation) => {
                if let Some(gateway) = self.0.get(&*operation.gateway) {
                    return gateway.look_up_or_perform(operation).await;
                }
                let outcome = Outcome::unknown(not_started(&operation.gateway));
                CallResult::Reported(operation.request.report(outcome))
            }
        }
    }
}

/// The payment waits for a worker that has the gateway: the message is retried, and becomes a failed job in the end.
fn not_started(gateway: &str) -> String {
    format!("this worker has no gateway `{gateway}`, to which the payment belongs")
}

impl MeteredGateway {
    async fn void(&self, order_id: OrderId) -> Outcome<Voided> {
        let authorization = Operation::Authorize.key(order_id);
        self.count(VOID, self.gateway.void(authorization)).await
    }

    async fn look_up_or_perform(&self, operation: KeyedOperation) -> CallResult {
        let key = operation.request.operation().key(operation.order_id);
        let found = if operation.look_up_first { self.look_up(key).await } else { LookUp::Absent };
        let outcome = match found {
            LookUp::Done(receipt) => Outcome::Succeeded(receipt),
            LookUp::Declined { reason } => Outcome::Declined { reason },
            LookUp::Unknown { why } => Outcome::Unknown { why },
            LookUp::Absent if operation.repeatable => self.perform(&operation).await,
            LookUp::Absent => {
                let why = "unknown to the gateway, whose idempotency key may have expired: resolve it by hand";
                return CallResult::KeyExpired(operation.request.report(Outcome::unknown(why)));
            }
        };
        CallResult::Reported(operation.request.report(outcome))
    }

    async fn look_up(&self, key: ProviderKey) -> LookUp {
        let call = tokio::time::timeout(self.timeout, self.gateway.look_up(key));
        let found = self.metrics.count(LOOK_UP, call, |found| match found {
            Ok(LookUp::Done(_) | LookUp::Declined { .. } | LookUp::Absent) => provider::Outcome::Answered,
            Ok(LookUp::Unknown { .. }) => provider::Outcome::Unknown,
            Err(_elapsed) => provider::Outcome::TimedOut,
        });
        let timed_out = |_| LookUp::Unknown { why: format!("no response to a look-up within {:?}", self.timeout) };
        found.await.unwrap_or_else(timed_out)
    }

    async fn perform(&self, operation: &KeyedOperation) -> Outcome<Receipt> {
        let key = operation.request.operation().key(operation.order_id);
        let authorization = Operation::Authorize.key(operation.order_id);
        match operation.request {
            OperationRequest::Authorize { amount, ref method } => {
                let request = Authorize { key, amount, method: method.clone() };
                self.count(AUTHORIZE, self.gateway.authorize(request)).await
            }
            OperationRequest::Capture { amount, .. } => {
                self.count(CAPTURE, self.gateway.capture(Movement { key, authorization, amount })).await
            }
            OperationRequest::Refund { amount, .. } => {
                self.count(REFUND, self.gateway.refund(Movement { key, authorization, amount })).await
            }
            OperationRequest::Reauthorize { amount, .. } => {
                self.count(REAUTHORIZE, self.gateway.reauthorize(Movement { key, authorization, amount })).await
            }
        }
    }

    /// Awaits `call` up to the timeout, and counts its outcome.
    async fn count<T>(&self, operation: &'static str, call: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        let call = tokio::time::timeout(self.timeout, call);
        let outcome = self.metrics.count(operation, call, |outcome| match outcome {
            Ok(Outcome::Succeeded(_)) => provider::Outcome::Answered,
            Ok(Outcome::Declined { .. }) => provider::Outcome::Declined,
            Ok(Outcome::Unknown { .. }) => provider::Outcome::Unknown,
            Err(_elapsed) => provider::Outcome::TimedOut,
        });
        let timed_out = |_| Outcome::unknown(format!("no response within {:?}", self.timeout));
        outcome.await.unwrap_or_else(timed_out)
    }
}

impl OperationRequest {
    pub fn operation(&self) -> Operation {
        match self {
            Self::Authorize { .. } => Operation::Authorize,
            Self::Capture { capture, .. } => Operation::Capture(*capture),
            Self::Refund { cause, .. } => Operation::Refund(cause.clone()),
            Self::Reauthorize { attempt, .. } => Operation::Reauthorize(*attempt),
        }
    }

    pub fn amount(&self) -> Money {
        match self {
            Self::Authorize { amount, .. }
            | Self::Capture { amount, .. }
            | Self::Refund { amount, .. }
            | Self::Reauthorize { amount, .. } => *amount,
        }
    }

    fn report(self, outcome: Outcome<Receipt>) -> Report {
        match self {
            Self::Authorize { amount, .. } => Report::Authorize(amount, outcome),
            Self::Capture { capture, .. } => Report::Capture(capture, outcome),
            Self::Refund { cause, .. } => Report::Refund(cause, outcome),
            Self::Reauthorize { attempt, .. } => Report::Reauthorize(attempt, outcome),
        }
    }
}

impl Report {
    /// When the gateway executed it, if it says.
    pub(crate) fn executed_at(&self) -> Option<Timestamp> {
        match self {
            Self::Authorize(_, Outcome::Succeeded(receipt))
            | Self::Capture(_, Outcome::Succeeded(receipt))
            | Self::Refund(_, Outcome::Succeeded(receipt))
            | Self::Reauthorize(_, Outcome::Succeeded(receipt)) => receipt.executed_at,
            Self::Void(Outcome::Succeeded(voided)) => voided.executed_at,
            Self::Authorize(..) | Self::Capture(..) | Self::Refund(..) | Self::Reauthorize(..) | Self::Void(_) => None,
        }
    }

    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Authorize(..) => Operation::Authorize,
            Self::Capture(capture, _) => Operation::Capture(*capture),
            Self::Refund(cause, _) => Operation::Refund(cause.clone()),
            Self::Reauthorize(attempt, _) => Operation::Reauthorize(*attempt),
            Self::Void(_) => Operation::Void,
        }
    }
}

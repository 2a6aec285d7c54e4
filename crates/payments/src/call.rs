//! Between the transactions: asking the gateway.

use crate::gateway::{Authorize, LookUp, Movement, Outcome, PaymentGateway, Receipt};
use domain::ids::{OrderId, ProviderKey, ShipmentId};
use domain::money::Money;
use domain::payment::{Operation, Refusal, Reversal};
use platform::metrics::provider::{self, ProviderCalls};
use std::time::Duration;

const AUTHORIZE: &str = "authorize";
const CAPTURE: &str = "capture";
const REFUND: &str = "refund";
const VOID: &str = "void";
const LOOK_UP: &str = "look_up";
const OPERATIONS: &[&str] = &[AUTHORIZE, CAPTURE, REFUND, VOID, LOOK_UP];

/// What one message needs of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The answer is stored already.
    Nothing,
    /// Nobody may ask for that.
    Refused(Refusal),
    Void {
        order_id: OrderId,
    },
    Ask(Ask),
}

/// Work that is done once under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub order_id: OrderId,
    pub work: Work,
    /// It was asked for before: see what became of that.
    pub look_up_first: bool,
    /// The gateway still remembers the key: what it does not know may be asked again.
    pub repeatable: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    Authorize { amount: Money, method: String },
    Capture { shipment: ShipmentId, amount: Money },
    Refund { cause: String, amount: Money },
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Nothing,
    Refused(Refusal),
    Heard(Report),
    /// The gateway doesn't know of it, and so much time has passed that it may have forgotten.
    Forgotten(Report),
}

/// The gateway's words on an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// With the amount that was to be set aside.
    Authorize(Money, Outcome<Receipt>),
    Capture(ShipmentId, Outcome<Receipt>),
    Refund(String, Outcome<Receipt>),
    Void(Outcome<Reversal>),
}

/// The line to the gateway: each call on it has a limit, and is counted.
#[derive(Debug)]
pub(crate) struct Line<G> {
    gateway: G,
    /// How long one call may take before its outcome counts as unknown.
    limit: Duration,
    calls: ProviderCalls,
}

impl<G: PaymentGateway> Line<G> {
    pub fn to(gateway: G, limit: Duration) -> Self {
        let calls = ProviderCalls::to(&format!("{}_gateway", G::NAME), OPERATIONS);
        Self { gateway, limit, calls }
    }

    pub async fn make(&self, call: Call) -> Answer {
        match call {
            Call::Nothing => Answer::Nothing,
            Call::Refused(refusal) => Answer::Refused(refusal),
            Call::Void { order_id } => {
                let authorization = Operation::Authorize.key(order_id);
                Answer::Heard(Report::Void(self.ask(VOID, self.gateway.void(authorization)).await))
            }
            Call::Ask(ask) => self.find_or_perform(ask).await,
        }
    }

    async fn find_or_perform(&self, ask: Ask) -> Answer {
        let key = ask.work.operation().key(ask.order_id);
        let known = if ask.look_up_first { self.look_up(key).await } else { LookUp::Absent };
        let outcome = match known {
            LookUp::Done(receipt) => Outcome::Answered(receipt),
            LookUp::Declined { reason } => Outcome::Declined { reason },
            LookUp::Unknown { why } => Outcome::Unknown { why },
            LookUp::Absent if ask.repeatable => self.perform(&ask).await,
            LookUp::Absent => {
                let why = "asked for long ago, and the gateway knows nothing of it: settle it by hand";
                return Answer::Forgotten(ask.work.report(Outcome::unknown(why)));
            }
        };
        Answer::Heard(ask.work.report(outcome))
    }

    async fn look_up(&self, key: ProviderKey) -> LookUp {
        let call = tokio::time::timeout(self.limit, self.gateway.look_up(key));
        let found = self.calls.count(LOOK_UP, call, |found| match found {
            Ok(LookUp::Done(_) | LookUp::Declined { .. } | LookUp::Absent) => provider::Outcome::Answered,
            Ok(LookUp::Unknown { .. }) => provider::Outcome::Unknown,
            Err(_late) => provider::Outcome::TimedOut,
        });
        let late = |_| LookUp::Unknown { why: format!("no answer to a look-up within {:?}", self.limit) };
        found.await.unwrap_or_else(late)
    }

    async fn perform(&self, ask: &Ask) -> Outcome<Receipt> {
        let key = ask.work.operation().key(ask.order_id);
        let authorization = Operation::Authorize.key(ask.order_id);
        match ask.work {
            Work::Authorize { amount, ref method } => {
                let ask = Authorize { key, amount, method: method.clone() };
                self.ask(AUTHORIZE, self.gateway.authorize(ask)).await
            }
            Work::Capture { amount, .. } => {
                self.ask(CAPTURE, self.gateway.capture(Movement { key, authorization, amount })).await
            }
            Work::Refund { amount, .. } => {
                self.ask(REFUND, self.gateway.refund(Movement { key, authorization, amount })).await
            }
        }
    }

    async fn ask<T>(&self, operation: &'static str, call: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        let call = tokio::time::timeout(self.limit, call);
        let outcome = self.calls.count(operation, call, |outcome| match outcome {
            Ok(Outcome::Answered(_)) => provider::Outcome::Answered,
            Ok(Outcome::Declined { .. }) => provider::Outcome::Declined,
            Ok(Outcome::Unknown { .. }) => provider::Outcome::Unknown,
            Err(_late) => provider::Outcome::TimedOut,
        });
        let late = |_| Outcome::unknown(format!("no answer within {:?}", self.limit));
        outcome.await.unwrap_or_else(late)
    }
}

impl Work {
    pub fn operation(&self) -> Operation {
        match self {
            Self::Authorize { .. } => Operation::Authorize,
            Self::Capture { shipment, .. } => Operation::Capture(*shipment),
            Self::Refund { cause, .. } => Operation::Refund(cause.clone()),
        }
    }

    pub fn amount(&self) -> Money {
        match self {
            Self::Authorize { amount, .. } | Self::Capture { amount, .. } | Self::Refund { amount, .. } => *amount,
        }
    }

    fn report(self, outcome: Outcome<Receipt>) -> Report {
        match self {
            Self::Authorize { amount, .. } => Report::Authorize(amount, outcome),
            Self::Capture { shipment, .. } => Report::Capture(shipment, outcome),
            Self::Refund { cause, .. } => Report::Refund(cause, outcome),
        }
    }
}

impl Report {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Authorize(..) => Operation::Authorize,
            Self::Capture(shipment, _) => Operation::Capture(*shipment),
            Self::Refund(cause, _) => Operation::Refund(cause.clone()),
            Self::Void(_) => Operation::Void,
        }
    }
}

//! The rules of the simulated gateway's ledger: the response to each call, and the resulting rows. Pure, no I/O.

use super::method::Method;
use crate::gateway::{Authorize, LookUp, Movement, Outcome, Receipt, Voided};
use domain::Timestamp;
use domain::ids::ProviderKey;
use domain::payment::{VOIDED, VoidResult};
use std::collections::HashMap;

/// The reason of simulated declines of captures and refunds.
const EXPIRED: &str = "expired";

/// The reason of declined captures of an authorization that has expired.
const AUTHORIZATION_EXPIRED: &str = "authorization_expired";

/// How many calls per key get a 503 response with the payment method `sim_flaky`.
const FLAKY_FAILURES: i32 = 2;

/// How many voids get no response with the payment method `sim_void_down`.
const VOIDS_WITHOUT_RESPONSE: i32 = 100;

/// An authorization with the sums that were captured, refunded and released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authorization {
    pub key: ProviderKey,
    pub state: AuthorizationState,
    pub method: Option<String>,
    pub currency: Option<String>,
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    /// The void's part of what was refunded.
    pub refunded_by_void_minor: i64,
    pub released_minor: i64,
    pub decline_reason: Option<String>,
    pub voided_at: Option<Timestamp>,
    /// How often the amount was authorized: never more than once.
    pub charges: i32,
    pub authorize_calls: i32,
    pub void_calls: i32,
    /// How often it was renewed.
    pub reauthorizations: i32,
}

/// The ledger rows that a batch needs.
#[derive(Debug, Default)]
pub(super) struct LedgerSnapshot {
    pub authorizations: HashMap<ProviderKey, Authorization>,
    pub entries: HashMap<ProviderKey, Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum AuthorizationState {
    /// A call arrived, but nothing was authorized or declined.
    Requested,
    Authorized,
    Declined,
    Voided,
}

/// A capture, a refund or a reauthorization of the authorization, under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub key: ProviderKey,
    pub authorization: ProviderKey,
    pub kind: EntryKind,
    pub amount_minor: i64,
    pub state: EntryState,
    pub decline_reason: Option<String>,
    pub executed_at: Option<Timestamp>,
    pub calls: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum EntryKind {
    Capture,
    Refund,
    Reauthorize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum EntryState {
    Requested,
    Done,
    Declined,
}

/// The response to a [`GatewayCall`](super::batch_worker::GatewayCall).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GatewayResponse {
    Receipt(Outcome<Receipt>),
    Voided(Voided),
    Found(LookUp),
    /// The connection stays open, but no response arrives.
    NoResponse,
    /// The ledger can't be read or written.
    Unavailable(String),
}

impl Authorization {
    pub fn new(key: ProviderKey) -> Self {
        Self {
            key,
            state: AuthorizationState::Requested,
            method: None,
            currency: None,
            authorized_minor: 0,
            captured_minor: 0,
            refunded_minor: 0,
            refunded_by_void_minor: 0,
            released_minor: 0,
            decline_reason: None,
            voided_at: None,
            charges: 0,
            authorize_calls: 0,
            void_calls: 0,
            reauthorizations: 0,
        }
    }

    pub fn authorize(&mut self, request: &Authorize) -> GatewayResponse {
        self.authorize_calls += 1;
        if self.charges > 0 {
            return done(self.key, None);
        }
        match self.state {
            AuthorizationState::Voided => return declined(VOIDED),
            AuthorizationState::Declined => return declined(self.decline_reason.as_deref().unwrap_or_default()),
            AuthorizationState::Requested | AuthorizationState::Authorized => {}
        }
        self.method = Some(request.method.clone());
        self.currency = Some(request.amount.currency.code().to_owned());
        match request.method.parse() {
            Ok(Method::Flaky) if self.authorize_calls <= FLAKY_FAILURES => unavailable(),
            Ok(
                Method::Ok
                | Method::Flaky
                | Method::CaptureDeclined
                | Method::RefundDeclined
                | Method::AuthExpires
                | Method::VoidDown,
            ) => self.charge(request, done(self.key, None)),
            Ok(Method::Timeout) => self.charge(request, lost()),
            Ok(Method::Down) => GatewayResponse::NoResponse,
            Ok(Method::Declined) => self.decline("card_declined"),
            Err(_) => self.decline("unknown_method"),
        }
    }

    pub fn void(&mut self, now: Timestamp) -> GatewayResponse {
        self.void_calls += 1;
        if self.is_method(Method::VoidDown) && self.void_calls <= VOIDS_WITHOUT_RESPONSE {
            return GatewayResponse::NoResponse;
        }
        match self.state {
            AuthorizationState::Authorized => {
                self.released_minor = self.authorized_minor - self.captured_minor;
                self.refunded_by_void_minor = self.captured_minor - self.refunded_minor;
                self.refunded_minor = self.captured_minor;
                self.voided_at = Some(now);
                self.state = AuthorizationState::Voided;
            }
            AuthorizationState::Requested => self.state = AuthorizationState::Voided,
            AuthorizationState::Declined | AuthorizationState::Voided => {}
        }
        let found = VoidResult {
            authorized: self.charges > 0,
            captured_minor: self.captured_minor,
            refunded_by_void_minor: self.refunded_by_void_minor,
        };
        GatewayResponse::Voided(Voided { found, executed_at: self.voided_at })
    }

    pub fn look_up(&self) -> LookUp {
        match self.state {
            _ if self.charges > 0 => LookUp::Done(receipt(self.key, None)),
            AuthorizationState::Declined => {
                LookUp::Declined { reason: self.decline_reason.clone().unwrap_or_default() }
            }
            AuthorizationState::Voided => LookUp::Declined { reason: VOIDED.to_owned() },
            AuthorizationState::Requested | AuthorizationState::Authorized => LookUp::Absent,
        }
    }

    fn charge(&mut self, request: &Authorize, response: GatewayResponse) -> GatewayResponse {
        self.state = AuthorizationState::Authorized;
        self.authorized_minor = request.amount.amount_minor;
        self.charges += 1;
        response
    }

    fn decline(&mut self, reason: &str) -> GatewayResponse {
        self.state = AuthorizationState::Declined;
        self.decline_reason = Some(reason.to_owned());
        declined(reason)
    }

    fn is_method(&self, method: Method) -> bool {
        self.method.as_deref().map(str::parse) == Some(Ok(method))
    }

    /// Whether the payment method declines the first movement of this kind, and it has not yet. An authorization that was
    /// not declined itself remembers that by a decline reason.
    fn declines_first(&self, kind: EntryKind) -> bool {
        let declined = match self.method.as_deref().map(str::parse) {
            Some(Ok(Method::CaptureDeclined)) => EntryKind::Capture,
            Some(Ok(Method::RefundDeclined)) => EntryKind::Refund,
            _ => return false,
        };
        kind == declined && self.decline_reason.is_none()
    }

    /// Adds `entry` to the captured or refunded sum, or renews the authorization. The error is the decline reason.
    fn apply(&mut self, entry: &Entry) -> Result<(), &'static str> {
        match self.state {
            AuthorizationState::Authorized => {}
            AuthorizationState::Voided => return Err(VOIDED),
            AuthorizationState::Requested | AuthorizationState::Declined => return Err("not_authorized"),
        }
        if self.declines_first(entry.kind) {
            self.decline_reason = Some(EXPIRED.to_owned());
            return Err(EXPIRED);
        }
        let is_expired = self.is_method(Method::AuthExpires) && self.reauthorizations == 0;
        let (sum, limit) = match entry.kind {
            EntryKind::Capture if is_expired => return Err(AUTHORIZATION_EXPIRED),
            EntryKind::Capture => (&mut self.captured_minor, self.authorized_minor),
            EntryKind::Refund => (&mut self.refunded_minor, self.captured_minor),
            EntryKind::Reauthorize if self.captured_minor == self.authorized_minor => return Err("nothing_left"),
            EntryKind::Reauthorize => {
                self.reauthorizations += 1;
                return Ok(());
            }
        };
        if entry.amount_minor > limit - *sum {
            return Err("amount_too_large");
        }
        *sum += entry.amount_minor;
        Ok(())
    }
}

impl Entry {
    pub fn new(kind: EntryKind, request: &Movement) -> Self {
        Self {
            key: request.key,
            authorization: request.authorization,
            kind,
            amount_minor: request.amount.amount_minor,
            state: EntryState::Requested,
            decline_reason: None,
            executed_at: None,
            calls: 0,
        }
    }

    /// Captures, refunds or renews, once. `authorization` is `None` if the ledger has none under the entry's authorization key.
    pub fn perform(&mut self, authorization: Option<&mut Authorization>, now: Timestamp) -> GatewayResponse {
        self.calls += 1;
        match self.state {
            EntryState::Done => return done(self.key, self.executed_at),
            EntryState::Declined => return declined(self.decline_reason.as_deref().unwrap_or_default()),
            EntryState::Requested => {}
        }
        let method = authorization.as_ref().and_then(|authorization| authorization.method.as_deref()?.parse().ok());
        if method == Some(Method::Flaky) && self.calls <= FLAKY_FAILURES {
            return unavailable();
        }
        match authorization.ok_or("not_authorized").and_then(|authorization| authorization.apply(self)) {
            Ok(()) => {
                self.state = EntryState::Done;
                self.executed_at = Some(now);
                if method == Some(Method::Timeout) { lost() } else { done(self.key, self.executed_at) }
            }
            Err(reason) => {
                self.state = EntryState::Declined;
                self.decline_reason = Some(reason.to_owned());
                declined(reason)
            }
        }
    }

    pub fn look_up(&self) -> LookUp {
        match self.state {
            EntryState::Done => LookUp::Done(receipt(self.key, self.executed_at)),
            EntryState::Declined => LookUp::Declined { reason: self.decline_reason.clone().unwrap_or_default() },
            EntryState::Requested => LookUp::Absent,
        }
    }
}

fn receipt(key: ProviderKey, executed_at: Option<Timestamp>) -> Receipt {
    Receipt { reference: format!("sim_{}", key.as_uuid().simple()), executed_at }
}

fn done(key: ProviderKey, executed_at: Option<Timestamp>) -> GatewayResponse {
    GatewayResponse::Receipt(Outcome::Succeeded(receipt(key, executed_at)))
}

fn declined(reason: &str) -> GatewayResponse {
    GatewayResponse::Receipt(Outcome::declined(reason))
}

fn lost() -> GatewayResponse {
    GatewayResponse::Receipt(Outcome::unknown("the connection broke before the response arrived"))
}

fn unavailable() -> GatewayResponse {
    GatewayResponse::Receipt(Outcome::unknown("503 service unavailable"))
}

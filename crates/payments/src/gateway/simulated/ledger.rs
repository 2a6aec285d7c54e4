//! The books' rules: what the simulated gateway says to each call, and what it then remembers. Pure.

use super::method::Method;
use crate::gateway::{Authorize, LookUp, Movement, Outcome, Receipt};
use domain::ids::ProviderKey;
use domain::payment::{Reversal, VOIDED};

/// How many calls under a key `sim_flaky` answers with a 503.
const FLAKY_FAILURES: i32 = 2;

/// What one key was authorized for, and what became of it.
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
    pub given_back_minor: i64,
    pub released_minor: i64,
    pub decline_reason: Option<String>,
    /// How often money was set aside: never more than once.
    pub charges: i32,
    pub authorize_calls: i32,
    pub void_calls: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum AuthorizationState {
    Asked,
    Authorized,
    Declined,
    Voided,
}

/// A capture or a refund, as it is remembered by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub key: ProviderKey,
    pub authorization: ProviderKey,
    pub kind: EntryKind,
    pub amount_minor: i64,
    pub state: EntryState,
    pub decline_reason: Option<String>,
    pub calls: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum EntryKind {
    Capture,
    Refund,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum EntryState {
    Asked,
    Done,
    Declined,
}

/// What is said to a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Receipt(Outcome<Receipt>),
    Reversal(Reversal),
    Found(LookUp),
    /// The line stays open, and nothing comes.
    Silence,
    /// The books can't be reached.
    Unavailable(String),
}

impl Authorization {
    pub fn blank(key: ProviderKey) -> Self {
        Self {
            key,
            state: AuthorizationState::Asked,
            method: None,
            currency: None,
            authorized_minor: 0,
            captured_minor: 0,
            refunded_minor: 0,
            given_back_minor: 0,
            released_minor: 0,
            decline_reason: None,
            charges: 0,
            authorize_calls: 0,
            void_calls: 0,
        }
    }

    pub fn authorize(&mut self, ask: &Authorize) -> Said {
        self.authorize_calls += 1;
        if self.charges > 0 {
            return done(self.key);
        }
        match self.state {
            AuthorizationState::Voided => return declined(VOIDED),
            AuthorizationState::Declined => return declined(self.decline_reason.as_deref().unwrap_or_default()),
            AuthorizationState::Asked | AuthorizationState::Authorized => {}
        }
        self.method = Some(ask.method.clone());
        self.currency = Some(ask.amount.currency.code().to_owned());
        match ask.method.parse() {
            Ok(Method::Flaky) if self.authorize_calls <= FLAKY_FAILURES => unavailable(),
            Ok(Method::Ok | Method::Flaky) => self.set_aside(ask, done(self.key)),
            Ok(Method::Timeout) => self.set_aside(ask, lost()),
            Ok(Method::Down) => Said::Silence,
            Ok(Method::Declined) => self.decline("card_declined"),
            Err(_) => self.decline("unknown_method"),
        }
    }

    pub fn void(&mut self) -> Said {
        self.void_calls += 1;
        match self.state {
            AuthorizationState::Authorized => {
                self.released_minor = self.authorized_minor - self.captured_minor;
                self.given_back_minor = self.captured_minor - self.refunded_minor;
                self.refunded_minor = self.captured_minor;
                self.state = AuthorizationState::Voided;
            }
            AuthorizationState::Asked => self.state = AuthorizationState::Voided,
            AuthorizationState::Declined | AuthorizationState::Voided => {}
        }
        Said::Reversal(Reversal {
            authorized: self.charges > 0,
            captured_minor: self.captured_minor,
            given_back_minor: self.given_back_minor,
        })
    }

    pub fn look_up(&self) -> LookUp {
        match self.state {
            _ if self.charges > 0 => LookUp::Done(receipt(self.key)),
            AuthorizationState::Declined => {
                LookUp::Declined { reason: self.decline_reason.clone().unwrap_or_default() }
            }
            AuthorizationState::Voided => LookUp::Declined { reason: VOIDED.to_owned() },
            AuthorizationState::Asked | AuthorizationState::Authorized => LookUp::Absent,
        }
    }

    fn set_aside(&mut self, ask: &Authorize, said: Said) -> Said {
        self.state = AuthorizationState::Authorized;
        self.authorized_minor = ask.amount.amount_minor;
        self.charges += 1;
        said
    }

    fn decline(&mut self, reason: &str) -> Said {
        self.state = AuthorizationState::Declined;
        self.decline_reason = Some(reason.to_owned());
        declined(reason)
    }

    /// Moves the money of `entry`, or says why not.
    fn book(&mut self, entry: &Entry) -> Result<(), &'static str> {
        match self.state {
            AuthorizationState::Authorized => {}
            AuthorizationState::Voided => return Err(VOIDED),
            AuthorizationState::Asked | AuthorizationState::Declined => return Err("not_authorized"),
        }
        let (booked, limit) = match entry.kind {
            EntryKind::Capture => (&mut self.captured_minor, self.authorized_minor),
            EntryKind::Refund => (&mut self.refunded_minor, self.captured_minor),
        };
        if entry.amount_minor > limit - *booked {
            return Err("amount_too_large");
        }
        *booked += entry.amount_minor;
        Ok(())
    }
}

impl Entry {
    pub fn blank(kind: EntryKind, ask: &Movement) -> Self {
        Self {
            key: ask.key,
            authorization: ask.authorization,
            kind,
            amount_minor: ask.amount.amount_minor,
            state: EntryState::Asked,
            decline_reason: None,
            calls: 0,
        }
    }

    /// Takes or gives back, once; `authorization` is what the books hold under its key.
    pub fn perform(&mut self, authorization: Option<&mut Authorization>) -> Said {
        self.calls += 1;
        match self.state {
            EntryState::Done => return done(self.key),
            EntryState::Declined => return declined(self.decline_reason.as_deref().unwrap_or_default()),
            EntryState::Asked => {}
        }
        let method = authorization.as_ref().and_then(|booked| booked.method.as_deref()?.parse().ok());
        if method == Some(Method::Flaky) && self.calls <= FLAKY_FAILURES {
            return unavailable();
        }
        match authorization.ok_or("not_authorized").and_then(|booked| booked.book(self)) {
            Ok(()) => {
                self.state = EntryState::Done;
                if method == Some(Method::Timeout) { lost() } else { done(self.key) }
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
            EntryState::Done => LookUp::Done(receipt(self.key)),
            EntryState::Declined => LookUp::Declined { reason: self.decline_reason.clone().unwrap_or_default() },
            EntryState::Asked => LookUp::Absent,
        }
    }
}

fn receipt(key: ProviderKey) -> Receipt {
    Receipt { reference: format!("sim_{}", key.as_uuid().simple()) }
}

fn done(key: ProviderKey) -> Said {
    Said::Receipt(Outcome::Answered(receipt(key)))
}

fn declined(reason: &str) -> Said {
    Said::Receipt(Outcome::declined(reason))
}

fn lost() -> Said {
    Said::Receipt(Outcome::unknown("the connection broke before the answer came"))
}

fn unavailable() -> Said {
    Said::Receipt(Outcome::unknown("503 service unavailable"))
}

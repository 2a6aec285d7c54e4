//! What follows the count of a return: its restocking and its refund, which run side by side.

use crate::money::Money;
use serde::{Deserialize, Serialize};

/// Both are open or one is. Stored as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    pub restocking: Restocking,
    pub refund: ReturnRefund,
    /// The number of the last commands, counted from one: part of their message ids.
    pub generation: u32,
    /// How often the open commands were due, counted from one since the last reply.
    pub attempt: u32,
}

/// The outcomes of a closed return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub restocking: Restocking,
    pub refund: ReturnRefund,
}

crate::string_enum! {
    pub enum Restocking {
        /// No unit is resellable.
        NotNeeded,
        Open,
        Done,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnRefund {
    /// No unit is to be refunded.
    NotNeeded,
    Open,
    /// The gateway refused it; a person may request it again.
    Refused {
        reason: String,
    },
    /// A person has to find out whether it was executed.
    Unresolved,
    Done {
        amount: Money,
    },
    /// Nothing was captured and not refunded.
    NothingLeft,
    /// Refused, and a person has given it up.
    GivenUp {
        reason: String,
    },
}

crate::string_enum! {
    /// The state of a [`ReturnRefund`], as it is shown.
    pub enum ReturnRefundStatus {
        NotNeeded,
        Open,
        Refused,
        Unresolved,
        Done,
        NothingLeft,
        GivenUp,
    }
}

impl Restocking {
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Open)
    }
}

impl ReturnRefund {
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Open | Self::Refused { .. } | Self::Unresolved)
    }

    pub const fn status(&self) -> ReturnRefundStatus {
        match self {
            Self::NotNeeded => ReturnRefundStatus::NotNeeded,
            Self::Open => ReturnRefundStatus::Open,
            Self::Refused { .. } => ReturnRefundStatus::Refused,
            Self::Unresolved => ReturnRefundStatus::Unresolved,
            Self::Done { .. } => ReturnRefundStatus::Done,
            Self::NothingLeft => ReturnRefundStatus::NothingLeft,
            Self::GivenUp { .. } => ReturnRefundStatus::GivenUp,
        }
    }
}

impl Settling {
    pub const fn is_done(&self) -> bool {
        self.restocking.is_final() && self.refund.is_final()
    }

    /// Every reply restarts the backoff.
    pub(super) fn replied(self) -> Self {
        Self { attempt: 1, ..self }
    }
}

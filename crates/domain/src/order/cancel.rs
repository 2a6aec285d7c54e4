//! Why an order is cancelled: a closed set, which everybody who sees the order may know. Words about it are a note, for
//! staff and for their author.

use super::order_request::Note;
use serde::{Deserialize, Serialize};

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CancelReason {
    /// The customer changed their mind.
    CustomerRequest,
    /// An admin decided so.
    AdminRequest,
    /// It was placed by mistake.
    Mistake,
    /// It takes too long.
    Delay,
    OutOfStock,
    Fraud,
    Other,
}

impl CancelReason {
    pub const NAMES: &'static [&'static str] = <Self as strum::VariantNames>::VARIANTS;
}

/// Why, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    pub reason: CancelReason,
    pub note: Option<Note>,
}

/// A reason as it was stored: before there was a closed set it could be any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReason {
    pub reason: CancelReason,
    /// The text, where it is none of the set.
    pub note: Option<String>,
}

impl From<String> for StoredReason {
    fn from(text: String) -> Self {
        match text.parse() {
            Ok(reason) => Self { reason, note: None },
            Err(_free_text) => Self { reason: CancelReason::Other, note: Some(text) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_before_the_closed_set_is_a_note() {
        assert_eq!(StoredReason::from("fraud".to_owned()), StoredReason { reason: CancelReason::Fraud, note: None });
        let free = StoredReason::from("changed my mind".to_owned());
        assert_eq!(free, StoredReason { reason: CancelReason::Other, note: Some("changed my mind".to_owned()) });
    }
}

//! Why an order is cancelled: a closed set, which everybody who may read the order sees. Free text is a note, which
//! only staff and its author see.

use super::order_request::Note;
crate::string_enum! {
    pub enum CancelReason {
        /// The customer changed their mind.
        CustomerRequest,
        /// An admin decided so.
        AdminRequest,
        /// The order was placed by mistake.
        Mistake,
        /// The order takes too long.
        Delay,
        OutOfStock,
        Fraud,
        Other,
    }
}

impl CancelReason {
    pub const NAMES: &'static [&'static str] = <Self as strum::VariantNames>::VARIANTS;
}

/// The reason of a cancellation, with an optional note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    pub reason: CancelReason,
    pub note: Option<Note>,
}

/// A reason as it is stored. Before reasons were a closed set, it could be any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReason {
    pub reason: CancelReason,
    /// The stored text, if it is not one of the set.
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
    fn a_free_text_reason_is_read_as_a_note() {
        assert_eq!(StoredReason::from("fraud".to_owned()), StoredReason { reason: CancelReason::Fraud, note: None });
        let free = StoredReason::from("changed my mind".to_owned());
        assert_eq!(free, StoredReason { reason: CancelReason::Other, note: Some("changed my mind".to_owned()) });
    }
}

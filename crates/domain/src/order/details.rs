//! What a shop attaches to an order: its own reference and metadata, who receives it, and which return it replaces.
//! Nothing of it changes how the order is processed.

use super::recipient::Recipient;
use crate::ids::ReturnId;
use crate::text;
use serde::Serialize;
use std::collections::BTreeMap;
use std::str::FromStr;

pub const EXTERNAL_REF_LENGTH_MAX: usize = 100;
pub const METADATA_ENTRIES_MAX: usize = 20;
pub const METADATA_KEY_LENGTH_MAX: usize = 40;
pub const METADATA_VALUE_LENGTH_MAX: usize = 500;

/// Absent parts are omitted from the serialized form, which is part of the fingerprint of an idempotency key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OrderDetails {
    #[serde(flatten)]
    pub recipient: Recipient,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<ExternalRef>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: Metadata,
    /// The return whose units the order replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_of: Option<ReturnId>,
}

/// The shop's own name of the order, unique per customer: 1 to 100 visible characters on one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ExternalRef(String);

/// At most [`METADATA_ENTRIES_MAX`] entries.
pub type Metadata = BTreeMap<MetadataKey, MetadataValue>;

/// 1 to 40 letters, digits, dots, dashes or underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct MetadataKey(String);

/// At most 500 visible characters, line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct MetadataValue(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDetails {
    #[error("a reference must be 1 to {EXTERNAL_REF_LENGTH_MAX} visible characters on one line")]
    ExternalRef,
    #[error("a key must be 1 to {METADATA_KEY_LENGTH_MAX} letters, digits, dots, dashes or underscores")]
    MetadataKey,
    #[error("a value must be at most {METADATA_VALUE_LENGTH_MAX} visible characters")]
    MetadataValue,
}

impl ExternalRef {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExternalRef {
    type Err = BadDetails;

    fn from_str(text: &str) -> Result<Self, BadDetails> {
        text::one_line(text, EXTERNAL_REF_LENGTH_MAX).map(Self).ok_or(BadDetails::ExternalRef)
    }
}

impl MetadataKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MetadataKey {
    type Err = BadDetails;

    fn from_str(text: &str) -> Result<Self, BadDetails> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let good = (1..=METADATA_KEY_LENGTH_MAX).contains(&text.len()) && text.bytes().all(legal);
        if good { Ok(Self(text.to_owned())) } else { Err(BadDetails::MetadataKey) }
    }
}

impl MetadataValue {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MetadataValue {
    type Err = BadDetails;

    fn from_str(text: &str) -> Result<Self, BadDetails> {
        text::lines(text, METADATA_VALUE_LENGTH_MAX).map(Self).ok_or(BadDetails::MetadataValue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_short_and_on_one_line() {
        assert_eq!(" #1001 ".parse::<ExternalRef>().unwrap().as_str(), "#1001");
        for bad in ["", "  ", "two\nlines", &"x".repeat(101)] {
            assert_eq!(bad.parse::<ExternalRef>(), Err(BadDetails::ExternalRef), "{bad}");
        }
    }

    #[test]
    fn metadata_has_plain_keys_and_short_values() {
        assert!("utm.source-2_a".parse::<MetadataKey>().is_ok());
        for bad in ["", "a=b", "white space", "ö", &"x".repeat(41)] {
            assert_eq!(bad.parse::<MetadataKey>(), Err(BadDetails::MetadataKey), "{bad}");
        }
        for good in ["", "two\nlines", "Grüße", &"ö".repeat(500)] {
            assert!(good.parse::<MetadataValue>().is_ok(), "{good}");
        }
        for bad in ["bell\u{7}", &"x".repeat(501)] {
            assert_eq!(bad.parse::<MetadataValue>(), Err(BadDetails::MetadataValue), "{bad}");
        }
    }

    #[test]
    fn absent_details_leave_no_trace_in_the_serialized_form() {
        assert_eq!(serde_json::to_string(&OrderDetails::default()).unwrap(), "{}");
    }
}

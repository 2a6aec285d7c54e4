//! The full name of a user.

use domain::text;
use std::fmt;
use std::str::FromStr;

const FULL_NAME_LENGTH_MAX: usize = 200;

/// 1 to 200 visible characters on one line, in NFC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullName(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a full name must be 1 to {FULL_NAME_LENGTH_MAX} visible characters on one line")]
pub struct FullNameError;

impl FullName {
    /// A stored name, unchecked: the rules may have become stricter since it was stored.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FullName {
    type Err = FullNameError;

    fn from_str(text: &str) -> Result<Self, FullNameError> {
        text::one_line(text, FULL_NAME_LENGTH_MAX).map(Self).ok_or(FullNameError)
    }
}

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_visible() {
        let name: FullName = "  Zoe\u{308} Åberg ".parse().expect("a name");
        assert_eq!(name.as_str(), "Zo\u{eb} Åberg");
        for bad in ["", "  ", "a\nb", "a\u{200b}b", &"x".repeat(201)] {
            assert_eq!(bad.parse::<FullName>(), Err(FullNameError), "{bad:?}");
        }
    }
}

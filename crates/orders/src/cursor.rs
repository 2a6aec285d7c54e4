//! Where a page ended, as an opaque word.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::OrderId;
use std::fmt;
use std::str::FromStr;
use uuid::{Uuid, Version};

/// After this order the next page begins. It grants nothing, so it is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub(crate) OrderId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor that a page of orders gave")]
pub struct ForgedCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_uuid()))
    }
}

impl FromStr for Cursor {
    type Err = ForgedCursor;

    fn from_str(text: &str) -> Result<Self, ForgedCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ForgedCursor)?;
        let id = Uuid::from_slice(&bytes).map_err(|_| ForgedCursor)?;
        match id.get_version() {
            Some(Version::SortRand) => Ok(Self(OrderId::from_uuid(id))),
            _ => Err(ForgedCursor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_a_forged_one_does_not() {
        let cursor = Cursor(OrderId::from_uuid(Uuid::now_v7()));

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for forged in ["", "1", "' OR 1=1--", "AAAAAAAAAAAAAAAAAAAAAA", &cursor.to_string()[1..]] {
            assert_eq!(forged.parse::<Cursor>(), Err(ForgedCursor), "{forged}");
        }
    }
}

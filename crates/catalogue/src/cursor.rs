//! Where a page ended, as an opaque word.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::product::Sku;
use std::fmt;
use std::str::FromStr;

/// After this SKU the next page begins. It grants nothing, so it is not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(crate) Sku);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor that a page of products gave")]
pub struct ForgedCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_str()))
    }
}

impl FromStr for Cursor {
    type Err = ForgedCursor;

    fn from_str(text: &str) -> Result<Self, ForgedCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ForgedCursor)?;
        let sku = String::from_utf8(bytes).map_err(|_| ForgedCursor)?;
        sku.parse().map(Self).map_err(|_| ForgedCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_a_forged_one_does_not() {
        let cursor = Cursor("SKU-HEADPHONES".parse().expect("a SKU"));

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for forged in ["", "SKU-HEADPHONES", "!!!", "JyBPUiAxPTE"] {
            assert_eq!(forged.parse::<Cursor>(), Err(ForgedCursor), "{forged}");
        }
    }
}

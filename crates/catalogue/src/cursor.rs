//! The cursor of a page of products: an opaque position in the list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::product::Sku;
use std::fmt;
use std::str::FromStr;

/// The last SKU of a page; the next page begins after it. It grants no access, so it is not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(crate) Sku);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a `next_cursor` of a page of products")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_str()))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let sku = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        sku.parse().map(Self).map_err(|_| InvalidCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_parsed_back_and_an_invalid_one_is_refused() {
        let cursor = Cursor("SKU-HEADPHONES".parse().expect("a SKU"));

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for invalid in ["", "SKU-HEADPHONES", "!!!", "JyBPUiAxPTE"] {
            assert_eq!(invalid.parse::<Cursor>(), Err(InvalidCursor), "{invalid}");
        }
    }
}

//! The cursor of pages of returns: an opaque position in the list.

use crate::cursor::InvalidCursor;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::ReturnId;
use std::fmt;
use std::str::FromStr;
use uuid::{Uuid, Version};

/// The last return of a page; the next page begins after it. It grants no access, so it is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnCursor(pub(crate) ReturnId);

impl fmt::Display for ReturnCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_uuid()))
    }
}

impl FromStr for ReturnCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let id = Uuid::from_slice(&bytes).map_err(|_| InvalidCursor)?;
        match id.get_version() {
            Some(Version::SortRand) => Ok(Self(ReturnId::from_uuid(id))),
            _ => Err(InvalidCursor),
        }
    }
}

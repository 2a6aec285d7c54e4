//! The cursors of pages of orders and of sagas: opaque positions in the list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::ids::OrderId;
use std::fmt;
use std::str::FromStr;
use uuid::{Uuid, Version};

/// The last order of a page; the next page begins after it. It grants no access, so it is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub(crate) OrderId);

/// The last saga of a page, with its deadline; the next page of sagas begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SagaCursor {
    pub(crate) deadline_at: Timestamp,
    pub(crate) order_id: OrderId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a `next_cursor` of a page of this list")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_uuid()))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        order_id(&bytes).map(Self)
    }
}

/// Microseconds since 1970, the resolution of the database, then the id.
impl fmt::Display for SagaCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let due = self.deadline_at.timestamp_micros().to_be_bytes();
        f.write_str(&URL_SAFE_NO_PAD.encode([due.as_slice(), self.order_id.as_uuid().as_bytes()].concat()))
    }
}

impl FromStr for SagaCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let (due, id) = bytes.split_first_chunk().ok_or(InvalidCursor)?;
        let due = Some(i64::from_be_bytes(*due)).filter(|micros| *micros >= 0);
        let deadline_at = due.and_then(Timestamp::from_timestamp_micros).ok_or(InvalidCursor)?;
        Ok(Self { deadline_at, order_id: order_id(id)? })
    }
}

fn order_id(bytes: &[u8]) -> Result<OrderId, InvalidCursor> {
    let id = Uuid::from_slice(bytes).map_err(|_| InvalidCursor)?;
    match id.get_version() {
        Some(Version::SortRand) => Ok(OrderId::from_uuid(id)),
        _ => Err(InvalidCursor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_parsed_back_and_an_invalid_one_is_refused() {
        let cursor = Cursor(OrderId::from_uuid(Uuid::now_v7()));

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for invalid in ["", "1", "' OR 1=1--", "AAAAAAAAAAAAAAAAAAAAAA", &cursor.to_string()[1..]] {
            assert_eq!(invalid.parse::<Cursor>(), Err(InvalidCursor), "{invalid}");
        }
    }

    #[test]
    fn a_saga_cursor_is_parsed_back_and_an_invalid_one_is_refused() {
        let deadline_at = Timestamp::from_timestamp_micros(1_800_000_000_123_456).expect("a time");
        let cursor = SagaCursor { deadline_at, order_id: OrderId::from_uuid(Uuid::now_v7()) };

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for invalid in ["", "1", &Cursor(cursor.order_id).to_string(), &cursor.to_string()[4..]] {
            assert_eq!(invalid.parse::<SagaCursor>(), Err(InvalidCursor), "{invalid}");
        }
    }
}

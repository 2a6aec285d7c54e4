//! Where a page ended, as an opaque word.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::ids::OrderId;
use std::fmt;
use std::str::FromStr;
use uuid::{Uuid, Version};

/// After this order the next page begins. It grants nothing, so it is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub(crate) OrderId);

/// After the saga of this order, which was due then, the next page of sagas begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SagaCursor {
    pub(crate) deadline_at: Timestamp,
    pub(crate) order_id: OrderId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor that a page of these gave")]
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
        order_id(&bytes).map(Self)
    }
}

/// Microseconds since 1970, as the database keeps times, then the id.
impl fmt::Display for SagaCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let due = self.deadline_at.timestamp_micros().to_be_bytes();
        f.write_str(&URL_SAFE_NO_PAD.encode([due.as_slice(), self.order_id.as_uuid().as_bytes()].concat()))
    }
}

impl FromStr for SagaCursor {
    type Err = ForgedCursor;

    fn from_str(text: &str) -> Result<Self, ForgedCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ForgedCursor)?;
        let (due, id) = bytes.split_first_chunk().ok_or(ForgedCursor)?;
        let due = Some(i64::from_be_bytes(*due)).filter(|micros| *micros >= 0);
        let deadline_at = due.and_then(Timestamp::from_timestamp_micros).ok_or(ForgedCursor)?;
        Ok(Self { deadline_at, order_id: order_id(id)? })
    }
}

fn order_id(bytes: &[u8]) -> Result<OrderId, ForgedCursor> {
    let id = Uuid::from_slice(bytes).map_err(|_| ForgedCursor)?;
    match id.get_version() {
        Some(Version::SortRand) => Ok(OrderId::from_uuid(id)),
        _ => Err(ForgedCursor),
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

    #[test]
    fn a_cursor_of_sagas_does_so_too() {
        let deadline_at = Timestamp::from_timestamp_micros(1_800_000_000_123_456).expect("a time");
        let cursor = SagaCursor { deadline_at, order_id: OrderId::from_uuid(Uuid::now_v7()) };

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for forged in ["", "1", &Cursor(cursor.order_id).to_string(), &cursor.to_string()[4..]] {
            assert_eq!(forged.parse::<SagaCursor>(), Err(ForgedCursor), "{forged}");
        }
    }
}

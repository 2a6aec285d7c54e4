//! Ledger entries as clients see them, and what selects them.

use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::{MovementKind, Origin, WarehouseCode};
use domain::page::{PageSize, parse_cursor_time};
use std::fmt;
use std::str::FromStr;

/// One entry of the ledger of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockMovement {
    pub id: i64,
    /// The time of the request or of the batch that caused it.
    pub at: Timestamp,
    pub kind: MovementKind,
    pub warehouse_id: WarehouseId,
    pub warehouse_code: WarehouseCode,
    /// The change of `on_hand`, in units.
    pub on_hand_delta: i32,
    /// The change of `reserved`, in units.
    pub reserved_delta: i32,
    pub origin: Origin,
}

/// Filter and position of a page.
#[derive(Debug, Clone, Default)]
pub struct MovementFilter {
    pub warehouse_id: Option<WarehouseId>,
    pub kind: Option<MovementKind>,
    /// At or after this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    pub after: Option<MovementCursor>,
    pub limit: PageSize,
}

/// The last movement of a page; the next page has older ones. Written as `MICROSECONDS~ID`, the time since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MovementCursor {
    pub at: Timestamp,
    pub id: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a `next_cursor` of a page of movements")]
pub struct InvalidMovementCursor;

impl MovementFilter {
    /// The position that ends the range of the page: the earlier one of its cursor and `to`. It is one position and not
    /// two conditions, because Postgres would begin to read the index at either of them.
    pub(crate) fn end(&self) -> Option<MovementCursor> {
        // Before every movement at that time.
        let to = self.to.map(|at| MovementCursor { at, id: i64::MIN });
        self.after.into_iter().chain(to).min()
    }
}

impl StockMovement {
    pub(crate) fn cursor(&self) -> MovementCursor {
        MovementCursor { at: self.at, id: self.id }
    }
}

impl fmt::Display for MovementCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.at.timestamp_micros(), self.id)
    }
}

impl FromStr for MovementCursor {
    type Err = InvalidMovementCursor;

    fn from_str(text: &str) -> Result<Self, InvalidMovementCursor> {
        let (micros, id) = text.split_once('~').ok_or(InvalidMovementCursor)?;
        let (at, id) = parse_cursor_time(micros).zip(id.parse().ok()).ok_or(InvalidMovementCursor)?;
        Ok(Self { at, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_at_its_cursor_or_before_its_last_time() {
        let cursor = |text: &str| text.parse::<MovementCursor>().expect("a cursor");
        let end = |after: Option<&str>, to: Option<i64>| {
            let to = to.and_then(Timestamp::from_timestamp_micros);
            MovementFilter { after: after.map(cursor), to, ..MovementFilter::default() }.end()
        };

        assert_eq!(end(None, None), None);
        assert_eq!(end(Some("7~3"), None), Some(cursor("7~3")));
        assert_eq!(end(Some("7~3"), Some(8)), Some(cursor("7~3")));
        for later in ["7~3", "8~1"] {
            assert_eq!(end(Some(later), Some(7)), Some(cursor(&format!("7~{}", i64::MIN))), "{later}");
        }
    }

    #[test]
    fn a_cursor_is_parsed_back_and_an_invalid_one_is_refused() {
        let at = "2026-11-28T12:00:00.000001Z".parse().expect("a time");
        let cursor = MovementCursor { at, id: 4_711 };

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for invalid in ["", "1", "1~", "~1", "x~1", "-1~1", "9223372036854775807~1", "1~9223372036854775808"] {
            assert_eq!(invalid.parse::<MovementCursor>(), Err(InvalidMovementCursor), "{invalid}");
        }
    }
}

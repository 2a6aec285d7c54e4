//! Pages of lists: the rule that all lists share.

use crate::Timestamp;
use std::str::FromStr;

pub const SIZE_MAX: u32 = 100;
const SIZE_DEFAULT: u32 = 20;

/// The most items of a page: 1 to 100, by default 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {SIZE_MAX}")]
pub struct InvalidPageSize;

/// Items of a list in its order, and the cursor of the next page: `None` on the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    pub items: Vec<T>,
    pub next: Option<C>,
}

impl PageSize {
    pub const MAX: Self = Self(SIZE_MAX);

    /// How many rows to query for a page: one more than it holds, which shows that there is a next page.
    pub const fn rows_max(self) -> u32 {
        self.0 + 1
    }

    /// Cuts the page from at most [`Self::rows_max`] rows. Its cursor is made from the last item that it keeps.
    pub fn cut<T, C>(self, mut rows: Vec<T>, cursor: impl FnOnce(&T) -> C) -> Page<T, C> {
        let size = self.0 as usize;
        let has_next = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| has_next).map(cursor);
        Page { items: rows, next }
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(SIZE_DEFAULT)
    }
}

impl TryFrom<u32> for PageSize {
    type Error = InvalidPageSize;

    fn try_from(size: u32) -> Result<Self, InvalidPageSize> {
        if (1..=SIZE_MAX).contains(&size) { Ok(Self(size)) } else { Err(InvalidPageSize) }
    }
}

impl FromStr for PageSize {
    type Err = InvalidPageSize;

    fn from_str(text: &str) -> Result<Self, InvalidPageSize> {
        text.parse::<u32>().map_err(|_| InvalidPageSize)?.try_into()
    }
}

/// The year 5138: Postgres has no times as late as those of `chrono`.
const MICROS_MAX: i64 = 100_000_000_000_000_000;

/// A time in a cursor, in microseconds since 1970; `None` for text that no cursor has.
pub fn parse_cursor_time(micros: &str) -> Option<Timestamp> {
    let micros = micros.parse().ok().filter(|micros| (0..MICROS_MAX).contains(micros))?;
    Timestamp::from_timestamp_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_next_one_only_if_there_are_more_rows_than_it_holds() {
        let size = PageSize::try_from(2).expect("a size");

        assert_eq!(size.cut(vec![1, 2, 3], |last| *last), Page { items: vec![1, 2], next: Some(2) });
        for rows in [vec![], vec![1], vec![1, 2]] {
            assert_eq!(size.cut(rows.clone(), |last| *last), Page { items: rows, next: None });
        }
    }

    #[test]
    fn the_time_of_a_cursor_is_a_time_that_postgres_has() {
        assert_eq!(parse_cursor_time("1000001").map(|time| time.timestamp_micros()), Some(1_000_001));
        for invalid in ["", "-1", "1.5", "100000000000000000", "9223372036854775808", "now"] {
            assert_eq!(parse_cursor_time(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn a_page_holds_one_to_a_hundred_items() {
        assert_eq!(["1", "100"].map(str::parse), [Ok(PageSize(1)), Ok(PageSize::MAX)]);
        for invalid in ["", "0", "101", "-1", "4294967297", "ten"] {
            assert_eq!(invalid.parse::<PageSize>(), Err(InvalidPageSize), "{invalid}");
        }
    }
}

//! What a page of products holds: the filter, and its size.

use crate::cursor::Cursor;
use domain::ids::UserId;

pub const PAGE_SIZE_MAX: u32 = 100;
const PAGE_SIZE_DEFAULT: u32 = 20;

/// 1 to 100 products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u32);

#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// Part of a name or a SKU, in any case. It is plain text: `%` and `_` are no wildcards.
    pub text: Option<String>,
    pub vendor_id: Option<UserId>,
    pub after: Option<Cursor>,
    pub limit: PageSize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page size must be 1 to {PAGE_SIZE_MAX}, got {0}")]
pub struct BadPageSize(i64);

impl PageSize {
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(PAGE_SIZE_DEFAULT)
    }
}

impl TryFrom<i64> for PageSize {
    type Error = BadPageSize;

    fn try_from(size: i64) -> Result<Self, BadPageSize> {
        match u32::try_from(size) {
            Ok(size @ 1..=PAGE_SIZE_MAX) => Ok(Self(size)),
            _ => Err(BadPageSize(size)),
        }
    }
}

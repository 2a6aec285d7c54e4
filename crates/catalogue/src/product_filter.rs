//! What a page of products holds: the filter, and its size.

use crate::cursor::Cursor;
use domain::ids::UserId;
use domain::page::PageSize;

#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// Part of a name or a SKU, in any case. It is plain text: `%` and `_` are no wildcards.
    pub text: Option<String>,
    pub vendor_id: Option<UserId>,
    pub after: Option<Cursor>,
    pub limit: PageSize,
}

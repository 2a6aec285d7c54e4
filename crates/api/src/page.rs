//! Pages of lists: the items, and a cursor to the next page.

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send it as `cursor` to get the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Builds a page from up to `limit + 1` rows. The extra row only shows that another page exists; `next_cursor` is
    /// made from the last row that is kept.
    pub fn from_rows<R: Into<T>>(mut rows: Vec<R>, limit: u32, cursor: impl Fn(&R) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| has_more).map(cursor);
        Self { items: rows.into_iter().map(Into::into).collect(), next_cursor }
    }

    /// A list that is never split into pages.
    pub fn complete(items: impl IntoIterator<Item = T>) -> Self {
        Self { items: items.into_iter().collect(), next_cursor: None }
    }
}

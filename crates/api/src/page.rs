//! A list as it is answered: a page of it, and where the next one begins.

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Ask for the next page with it; it is not there on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of `limit` out of rows of which one more was asked for: if it is there, another page follows, and begins
    /// where `cursor` says of the last one here.
    pub fn cut<R: Into<T>>(mut rows: Vec<R>, limit: u32, cursor: impl Fn(&R) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(cursor);
        Self { items: rows.into_iter().map(Into::into).collect(), next_cursor }
    }

    /// A list that always fits one page.
    pub fn whole(items: impl IntoIterator<Item = T>) -> Self {
        Self { items: items.into_iter().collect(), next_cursor: None }
    }
}

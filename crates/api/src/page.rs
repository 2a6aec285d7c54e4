//! Pages of lists: the items, and a cursor to the next page.

use serde::Serialize;
use std::fmt::Display;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send it as `cursor` to get the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that is never split into pages.
    pub fn complete(items: impl IntoIterator<Item = T>) -> Self {
        Self { items: items.into_iter().collect(), next_cursor: None }
    }
}

impl<T, R: Into<T>, C: Display> From<domain::page::Page<R, C>> for Page<T> {
    fn from(page: domain::page::Page<R, C>) -> Self {
        let next_cursor = page.next.map(|cursor| cursor.to_string());
        Self { items: page.items.into_iter().map(Into::into).collect(), next_cursor }
    }
}

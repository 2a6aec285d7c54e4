//! Queries: one return, and the list of them.

use crate::error::StoreError;
use crate::return_model::{ReturnCursor, ReturnFilter, ReturnView, StoredReturn};
use crate::store::{return_pages, returns};
use crate::viewer::Viewer;
use domain::ids::ReturnId;
use domain::page::Page;
use sqlx::{PgConnection, PgPool};

/// The newest first.
pub async fn list_returns(
    pool: &PgPool,
    viewer: Viewer,
    filter: &ReturnFilter,
) -> Result<Page<ReturnView, ReturnCursor>, StoreError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let ids = return_pages::list(&mut connection, viewer, filter, filter.limit.rows_max()).await?;
    let page = filter.limit.cut(ids, |last| ReturnCursor(*last));
    let stored = returns::by_ids(&mut connection, &page.items).await?;
    Ok(Page { items: views(&mut connection, stored, viewer).await?, next: page.next })
}

/// `None` when there is no such return, or the viewer may not see it.
pub async fn find_return(pool: &PgPool, id: ReturnId, viewer: Viewer) -> Result<Option<ReturnView>, StoreError> {
    let mut connection = platform::postgres::reader(pool).await?;
    if return_pages::order_of(&mut connection, id, viewer).await?.is_none() {
        return Ok(None);
    }
    let stored = returns::by_ids(&mut connection, &[id]).await?;
    let Some(view) = views(&mut connection, stored, viewer).await?.pop() else { return Ok(None) };
    // Only up to the version that was read, so that the response shows nothing newer than its version.
    let mut timeline = return_pages::events(&mut connection, id, viewer).await?;
    timeline.retain(|event| event.version <= view.version);
    Ok(Some(ReturnView { timeline, ..view }))
}

pub(super) async fn views(
    connection: &mut PgConnection,
    stored: Vec<StoredReturn>,
    viewer: Viewer,
) -> Result<Vec<ReturnView>, StoreError> {
    let ids: Vec<_> = stored.iter().map(|stored| stored.returned.id).collect();
    let mut exchanges = return_pages::exchanges(connection, &ids).await?;
    let view = |stored: StoredReturn| {
        let exchanges = exchanges.remove(&stored.returned.id).unwrap_or_default();
        ReturnView::of(stored, exchanges, viewer)
    };
    Ok(stored.into_iter().map(view).collect())
}

//! `GET /admin/ledger`.

use super::entry::LedgerEntryBody;
use super::{csv, read_filter};
use crate::auth::Allowed;
use crate::docs::sets::{LedgerEntryKindSet, LedgerFormatSet};
use crate::limits::accepts_csv_only;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeLedger;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::page::PageSize;
use payments::{LedgerCursor, LedgerFilter};

domain::string_enum! {
    pub enum LedgerFormat {
        Json,
        Csv,
    }
}

#[derive(Debug)]
pub struct LedgerQuery {
    filter: LedgerFilter,
    format: Option<LedgerFormat>,
    after: Option<LedgerCursor>,
    limit: PageSize,
}

impl FromQuery for LedgerQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let filter = read_filter(params);
        let format = params.one_of("format");
        let after = params.cursor();
        let limit = params.limit();
        Some(Self { filter: filter?, format: format?, after: after?, limit: limit? })
    }
}

/// Read the money ledger
///
/// What was authorized, captured, voided, refunded and reversed, with its operation and its cause, the oldest first. The
/// amounts of payments are the sums of its entries. With `format=csv`, or if only `text/csv` is accepted, the response is
/// the whole range as CSV, without pages, with the same columns.
#[utoipa::path(get, path = "/admin/ledger", tag = "admin",
    params(("from" = chrono::DateTime<chrono::Utc>, Query, description = "At or after this time; RFC 3339"),
        ("to" = chrono::DateTime<chrono::Utc>, Query, description = "Before this time, at most 31 days after `from`; RFC 3339"),
        ("currency" = Option<String>, Query, description = "Filter by currency", example = "USD"),
        ("kind" = inline(Option<LedgerEntryKindSet>), Query, description = "Filter by kind"),
        ("format" = inline(Option<LedgerFormatSet>), Query, description = "The format of the response; default as accepted, else JSON"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of the ledger, or all of it as CSV", content(
        (Page<LedgerEntryBody> = "application/json"),
        (String = "text/csv", example = "at,order_id,kind,amount_minor,currency,gateway,operation_key,cause,message_id\r\n")))),
    security(("access_token" = [])))]
pub async fn list_ledger(
    State(state): State<AppState>,
    _allowed: Allowed<SeeLedger>,
    Query(query): Query<LedgerQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let LedgerQuery { filter, format, after, limit } = query;
    let is_csv = format.map_or_else(|| accepts_csv_only(&headers), |format| format == LedgerFormat::Csv);
    if is_csv {
        return Ok(csv::export(state.lists.current().clone(), filter, after));
    }
    let page = payments::list_ledger(state.lists.current(), &filter, after, limit).await?;
    Ok(Json(Page::<LedgerEntryBody>::from(page)).into_response())
}

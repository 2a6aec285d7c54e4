//! `GET /admin/ledger/summary`.

use super::read_filter;
use crate::auth::Allowed;
use crate::docs::sets::LedgerEntryKindSet;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeLedger;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use payments::{LedgerFilter, LedgerSummary};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug)]
pub struct SummaryQuery(LedgerFilter);

impl FromQuery for SummaryQuery {
    fn read(params: &mut Params) -> Option<Self> {
        read_filter(params).map(Self)
    }
}

/// The sums of the ledger for a gateway and a currency, in the minor unit of the currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerSummaryBody {
    #[schema(example = "simulated")]
    gateway: String,
    #[schema(example = "USD")]
    currency: &'static str,
    #[schema(example = 10000)]
    authorized_minor: i64,
    #[schema(example = 8000)]
    captured_minor: i64,
    #[schema(example = 2000)]
    voided_minor: i64,
    #[schema(example = 500)]
    refunded_minor: i64,
    #[schema(example = 0)]
    reversed_minor: i64,
    /// Given up by people after declined captures.
    #[schema(example = 0)]
    written_off_minor: i64,
    /// Captured, and neither refunded nor reversed.
    #[schema(example = 7500)]
    net_minor: i64,
    /// How many entries it has.
    #[schema(example = 12)]
    entries: i64,
}

/// Sum the money ledger
///
/// The sums of a range per gateway and currency.
#[utoipa::path(get, path = "/admin/ledger/summary", tag = "admin",
    params(("from" = chrono::DateTime<chrono::Utc>, Query, description = "At or after this time; RFC 3339"),
        ("to" = chrono::DateTime<chrono::Utc>, Query, description = "Before this time, at most 31 days after `from`; RFC 3339"),
        ("currency" = Option<String>, Query, description = "Filter by currency", example = "USD"),
        ("kind" = inline(Option<LedgerEntryKindSet>), Query, description = "Filter by kind")),
    responses((status = 200, description = "One item per gateway and currency", body = Page<LedgerSummaryBody>)),
    security(("access_token" = [])))]
pub async fn summarize_ledger(
    State(state): State<AppState>,
    _allowed: Allowed<SeeLedger>,
    Query(SummaryQuery(filter)): Query<SummaryQuery>,
) -> Result<Json<Page<LedgerSummaryBody>>, Problem> {
    let sums = payments::summarize_ledger(state.lists.current(), &filter).await?;
    Ok(Json(Page::complete(sums.into_iter().map(LedgerSummaryBody::from))))
}

impl From<LedgerSummary> for LedgerSummaryBody {
    fn from(sums: LedgerSummary) -> Self {
        Self {
            gateway: sums.gateway,
            currency: sums.currency.code(),
            authorized_minor: sums.authorized_minor,
            captured_minor: sums.captured_minor,
            voided_minor: sums.voided_minor,
            refunded_minor: sums.refunded_minor,
            reversed_minor: sums.reversed_minor,
            written_off_minor: sums.written_off_minor,
            net_minor: sums.captured_minor - sums.refunded_minor - sums.reversed_minor,
            entries: sums.entries,
        }
    }
}

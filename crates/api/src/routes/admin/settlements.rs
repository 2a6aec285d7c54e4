//! `GET /admin/settlements`.

use crate::auth::Allowed;
use crate::docs::sets::SettlementStatusSet;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeLedger;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::page::PageSize;
use payments::{MovedSums, Settlement, SettlementCursor, SettlementStatus};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug)]
pub struct SettlementsQuery {
    status: Option<SettlementStatus>,
    after: Option<SettlementCursor>,
    limit: PageSize,
}

impl FromQuery for SettlementsQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let status = params.one_of("status");
        let after = params.cursor();
        let limit = params.limit();
        Some(Self { status: status?, after: after?, limit: limit? })
    }
}

/// A day of UTC with a gateway, in a currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementBody {
    #[schema(example = "2026-11-28")]
    day: NaiveDate,
    #[schema(example = "simulated")]
    gateway: String,
    #[schema(example = "USD")]
    currency: &'static str,
    #[schema(value_type = SettlementStatusSet, inline, example = "matched")]
    status: &'static str,
    /// What the money ledger has.
    ledger: MovedBody,
    /// What the gateway reports; absent if it makes no reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    reported: Option<MovedBody>,
    /// When both were last compared.
    checked_at: DateTime<Utc>,
}

/// Amounts in the minor unit of the currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovedBody {
    #[schema(example = 8000)]
    captured_minor: i64,
    /// Refunded and reversed.
    #[schema(example = 500)]
    returned_minor: i64,
}

/// List settlements
///
/// What was captured and returned on each day, in the money ledger and in the report of the gateway, the newest day first.
/// A day is compared an hour after its end, and again for a week while it differs.
#[utoipa::path(get, path = "/admin/settlements", tag = "admin",
    params(("status" = inline(Option<SettlementStatusSet>), Query, description = "Filter by status"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of settlements", body = Page<SettlementBody>)),
    security(("access_token" = [])))]
pub async fn list_settlements(
    State(state): State<AppState>,
    _allowed: Allowed<SeeLedger>,
    Query(SettlementsQuery { status, after, limit }): Query<SettlementsQuery>,
) -> Result<Json<Page<SettlementBody>>, Problem> {
    let page = payments::list_settlements(state.lists.current(), status, after.as_ref(), limit).await?;
    Ok(Json(page.into()))
}

impl From<Settlement> for SettlementBody {
    fn from(settlement: Settlement) -> Self {
        Self {
            day: settlement.day,
            gateway: settlement.gateway,
            currency: settlement.currency.code(),
            status: settlement.status.into(),
            ledger: settlement.ledger.into(),
            reported: settlement.reported.map(MovedBody::from),
            checked_at: settlement.checked_at,
        }
    }
}

impl From<MovedSums> for MovedBody {
    fn from(MovedSums { captured_minor, returned_minor }: MovedSums) -> Self {
        Self { captured_minor, returned_minor }
    }
}

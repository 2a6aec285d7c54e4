//! `GET /admin/customers/{id}/export`.

use super::export_body::{CustomerExportBody, ExportedOrderBody};
use crate::auth::Caller;
use crate::change::Audited;
use crate::page::Page;
use crate::params::{FromQuery, Params, PathParam, Query};
use crate::personal_records::subjects_of;
use crate::policy::ExportCustomers;
use crate::problem::Problem;
use crate::routes::admin::audit_logs::AuditEntryBody;
use crate::routes::orders::order::OrderBody;
use crate::routes::orders::refunds::body::RefundBody;
use crate::routes::orders::visible_order;
use crate::routes::shipments::shipment::ShipmentBody;
use crate::routes::viewer::viewer;
use crate::state::AppState;
use accounts::{AccountExport, ApiKeyId};
use axum::Json;
use axum::extract::State;
use domain::ids::{OrderId, UserId};
use domain::page::PageSize;
use operations::audit::{self, AuditEntry};
use operations::personal_records::audit_entries;
use orders::{Cursor, OrderFilter, ReturnFilter};
use platform::audit::AuditRecord;

const AUDIT_ENTRIES_MAX: u32 = 1_000;

/// A page of the orders in an export.
#[derive(Debug)]
pub struct ExportQuery {
    after: Option<Cursor>,
    limit: PageSize,
}

impl FromQuery for ExportQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let after = params.cursor();
        let limit = params.limit();
        Some(Self { after: after?, limit: limit? })
    }
}

/// Export a customer
///
/// Everything that is stored of a customer, but for secrets: the account, where it logged in, its API keys, its orders with
/// their addresses, payments, refunds, returns and shipments, and entries of the audit log. Orders come in pages; the rest is in every page.
/// Each request is recorded in the audit log.
#[utoipa::path(get, path = "/admin/customers/{id}/export", tag = "admin",
    params(("id" = uuid::Uuid, Path, description = "The customer's user id"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the orders of the previous page"),
        ("limit" = Option<u32>, Query, description = "Orders per page, 1 to 100; default 20")),
    responses((status = 200, description = "The customer", body = CustomerExportBody)), security(("access_token" = [])))]
pub async fn export_customer(
    State(state): State<AppState>,
    by: Audited<ExportCustomers>,
    PathParam(customer): PathParam<UserId>,
    Query(query): Query<ExportQuery>,
) -> Result<Json<CustomerExportBody>, Problem> {
    let AccountExport { user, sessions, api_keys, erasure } = state.accounts.export_account(customer).await?;
    let (action, subject) = ("customer.export", format!("user:{customer}"));
    let exported = AuditRecord { action, subject, reason: None, before: None, after: None };
    audit::record(&state.pool, &by.auditor(), exported).await?;
    let keys: Vec<_> = api_keys.iter().map(|key| key.id).collect();
    Ok(Json(CustomerExportBody {
        account: user.into(),
        erasure: erasure.map(Into::into),
        sessions: sessions.into_iter().map(Into::into).collect(),
        api_keys: api_keys.into_iter().map(Into::into).collect(),
        audit_log: audit_log(&state, &subjects_of(customer, &keys), &actors_of(customer, &keys)).await?,
        orders: orders_of(&state, by.caller, customer, query).await?,
    }))
}

async fn orders_of(
    state: &AppState,
    caller: Caller,
    customer: UserId,
    ExportQuery { after, limit }: ExportQuery,
) -> Result<Page<ExportedOrderBody>, Problem> {
    let filter = OrderFilter { customer: Some(customer), after, limit, ..OrderFilter::default() };
    let page = orders::list_orders(&state.pool, viewer(caller), filter).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for order in page.items {
        items.push(exported(state, caller, order.id).await?);
    }
    Ok(Page { items, next_cursor: page.next.map(|cursor| cursor.to_string()) })
}

async fn exported(state: &AppState, caller: Caller, id: OrderId) -> Result<ExportedOrderBody, Problem> {
    let order = visible_order(state, caller, id).await?;
    let events = orders::order_events(&state.pool, id, viewer(caller)).await?.unwrap_or_default();
    let payment = payments::find_payment(&state.pool, id).await?;
    let refunds = payments::find_refunds(&state.pool, id).await?;
    let of_order = ReturnFilter { order: Some(id), limit: PageSize::MAX, ..ReturnFilter::default() };
    let returns = orders::list_returns(&state.pool, viewer(caller), &of_order).await?;
    let shipments = shipping::shipments_of_order(&state.pool, id).await?;
    Ok(ExportedOrderBody {
        order: OrderBody::of(state, order).await?,
        events: events.into_iter().map(Into::into).collect(),
        payment: payment.map(Into::into),
        refunds: refunds.into_iter().map(|refund| RefundBody::of(refund, true)).collect(),
        returns: returns.items.into_iter().map(Into::into).collect(),
        shipments: ShipmentBody::of_all(state, shipments).await?,
        audit_log: audit_log(state, &[format!("order:{id}")], &[]).await?,
    })
}

async fn audit_log(state: &AppState, subjects: &[String], actors: &[String]) -> Result<Vec<AuditEntryBody>, Problem> {
    let entries = audit_entries(&state.pool, subjects, actors, AUDIT_ENTRIES_MAX).await?;
    Ok(entries.into_iter().map(|entry: AuditEntry| entry.into()).collect())
}

/// The names of a customer as an actor in audit records, with and without an API key.
fn actors_of(customer: UserId, keys: &[ApiKeyId]) -> Vec<String> {
    let name = format!("customer:{customer}");
    let with_keys = keys.iter().map(|key| format!("{name}/key:{key}"));
    std::iter::once(name.clone()).chain(with_keys).collect()
}

//! The roles that may use each route. A route of the OpenAPI document without a row here fails the test.

use crate::client::{ApiClient, ApiRequest, post};
use accounts::Role::{Admin, Customer, Support, Vendor};
use accounts::{Role, Scope};
use axum::http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;
use std::collections::BTreeMap;
use strum::VariantNames;
use utoipa::openapi::path::{Operation, PathItem};
use uuid::Uuid;

/// Routes without authentication.
const PUBLIC: &[&str] = &[
    "POST /api/v1/auth/signup",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/logout",
    "GET /api/v1/products",
    "GET /api/v1/products/{sku}",
    "GET /api/v1/system/health",
    "GET /api/v1/system/health/live",
    "GET /api/v1/system/health/ready",
    "GET /api/v1/system/metrics",
    "GET /api/v1/system/workers",
    "GET /metrics",
    "GET /problems/{code}",
];

/// The roles that each other route admits.
const ROLES: &[(&str, &[Role])] = &[
    ("GET /api/v1/auth/me", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/api-keys", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/api-keys", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/api-keys/{id}/rotate", &[Customer, Vendor, Support, Admin]),
    ("DELETE /api/v1/api-keys/{id}", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/auth/sessions", &[Customer, Vendor, Support, Admin]),
    ("DELETE /api/v1/auth/sessions/{id}", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/auth/password", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/auth/logout-all", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/orders", &[Customer, Admin]),
    ("GET /api/v1/orders", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}/events", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}/stream", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/orders/{id}/stream-ticket", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/orders/{id}/cancel", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}/payments", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}/refunds", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/orders/{id}/refunds", &[Admin]),
    ("POST /api/v1/orders/{id}/refunds/{refund_id}/retry", &[Admin]),
    ("POST /api/v1/orders/{id}/refunds/{refund_id}/resolve", &[Admin]),
    ("POST /api/v1/orders/{id}/returns", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/returns", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/returns/{id}", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/returns/{id}/approve", &[Vendor, Admin]),
    ("POST /api/v1/returns/{id}/decline", &[Vendor, Admin]),
    ("POST /api/v1/returns/{id}/receive", &[Vendor, Admin]),
    ("POST /api/v1/returns/{id}/cancel", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}/shipments", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}/allocation", &[Vendor, Support, Admin]),
    ("GET /api/v1/shipments", &[Vendor, Support, Admin]),
    ("GET /api/v1/shipments/{tracking_number}", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/shipments/{tracking_number}/events", &[Vendor, Admin]),
    ("PUT /api/v1/shipments/{tracking_number}/tracking", &[Vendor, Admin]),
    ("POST /api/v1/products", &[Vendor, Admin]),
    ("PATCH /api/v1/products/{sku}", &[Vendor, Admin]),
    ("GET /api/v1/products/{sku}/prices", &[Vendor, Support, Admin]),
    ("GET /api/v1/warehouses", &[Vendor, Support, Admin]),
    ("POST /api/v1/warehouses", &[Admin]),
    ("PATCH /api/v1/warehouses/{id}", &[Admin]),
    ("GET /api/v1/inventory", &[Vendor, Support, Admin]),
    ("GET /api/v1/inventory/{sku}", &[Vendor, Support, Admin]),
    ("GET /api/v1/inventory/{sku}/movements", &[Vendor, Support, Admin]),
    ("POST /api/v1/inventory/adjustments", &[Vendor, Admin]),
    ("POST /api/v1/inventory/transfers", &[Vendor, Admin]),
    ("PUT /api/v1/inventory/thresholds", &[Vendor, Admin]),
    ("GET /api/v1/admin/users", &[Support, Admin]),
    ("PATCH /api/v1/admin/users/{id}", &[Admin]),
    ("PUT /api/v1/admin/users/{id}/role", &[Admin]),
    ("GET /api/v1/admin/customers/{id}/export", &[Admin]),
    ("POST /api/v1/admin/customers/{id}/erase", &[Admin]),
    ("GET /api/v1/admin/failed-jobs", &[Support, Admin]),
    ("GET /api/v1/admin/failed-jobs/{id}", &[Support, Admin]),
    ("POST /api/v1/admin/failed-jobs/{id}/replay", &[Admin]),
    ("POST /api/v1/admin/failed-jobs/{id}/discard", &[Admin]),
    ("GET /api/v1/admin/replays", &[Support, Admin]),
    ("POST /api/v1/admin/replays", &[Admin]),
    ("GET /api/v1/admin/replays/{id}", &[Support, Admin]),
    ("POST /api/v1/admin/replays/{id}/cancel", &[Admin]),
    ("GET /api/v1/admin/sagas", &[Support, Admin]),
    ("GET /api/v1/admin/sagas/{id}", &[Support, Admin]),
    ("POST /api/v1/admin/sagas/{id}/retry-step", &[Admin]),
    ("POST /api/v1/admin/sagas/{id}/mark-step-done", &[Admin]),
    ("POST /api/v1/admin/sagas/{id}/capture-again", &[Admin]),
    ("POST /api/v1/admin/sagas/{id}/reauthorize", &[Admin]),
    ("POST /api/v1/admin/sagas/{id}/abandon", &[Admin]),
    ("POST /api/v1/admin/orders/{id}/shipments/{shipment_id}/resolve", &[Admin]),
    ("POST /api/v1/admin/orders/{id}/shipments/{shipment_id}/reship", &[Admin]),
    ("GET /api/v1/admin/ledger", &[Support, Admin]),
    ("GET /api/v1/admin/ledger/summary", &[Support, Admin]),
    ("GET /api/v1/admin/settlements", &[Support, Admin]),
    ("GET /api/v1/admin/refunds", &[Support, Admin]),
    ("GET /api/v1/admin/audit-logs", &[Support, Admin]),
    ("GET /api/v1/admin/tasks", &[Support, Admin]),
    ("GET /api/v1/admin/tasks/{name}/runs", &[Support, Admin]),
];

/// The scope that an API key needs for a route. A route with neither a row here nor one in [`PUBLIC`] is for people only.
const SCOPES: &[(&str, Scope)] = &[
    ("POST /api/v1/orders", Scope::OrdersPlace),
    ("GET /api/v1/orders", Scope::OrdersRead),
    ("GET /api/v1/orders/{id}", Scope::OrdersRead),
    ("GET /api/v1/orders/{id}/events", Scope::OrdersRead),
    ("GET /api/v1/orders/{id}/stream", Scope::OrdersRead),
    ("POST /api/v1/orders/{id}/stream-ticket", Scope::OrdersRead),
    ("POST /api/v1/orders/{id}/cancel", Scope::OrdersCancel),
    ("GET /api/v1/orders/{id}/payments", Scope::PaymentsRead),
    ("GET /api/v1/orders/{id}/refunds", Scope::PaymentsRead),
    ("POST /api/v1/orders/{id}/refunds", Scope::OrdersRefund),
    ("POST /api/v1/orders/{id}/refunds/{refund_id}/retry", Scope::OrdersRefund),
    ("POST /api/v1/orders/{id}/refunds/{refund_id}/resolve", Scope::OrdersRefund),
    ("POST /api/v1/orders/{id}/returns", Scope::ReturnsRequest),
    ("GET /api/v1/returns", Scope::ReturnsRead),
    ("GET /api/v1/returns/{id}", Scope::ReturnsRead),
    ("POST /api/v1/returns/{id}/approve", Scope::ReturnsDecide),
    ("POST /api/v1/returns/{id}/decline", Scope::ReturnsDecide),
    ("POST /api/v1/returns/{id}/receive", Scope::ReturnsDecide),
    ("POST /api/v1/returns/{id}/cancel", Scope::ReturnsRequest),
    ("GET /api/v1/orders/{id}/shipments", Scope::ShipmentsRead),
    ("GET /api/v1/orders/{id}/allocation", Scope::StockRead),
    ("GET /api/v1/shipments/{tracking_number}", Scope::ShipmentsRead),
    ("POST /api/v1/shipments/{tracking_number}/events", Scope::ShipmentsReport),
    ("POST /api/v1/products", Scope::ProductsWrite),
    ("PATCH /api/v1/products/{sku}", Scope::ProductsWrite),
    ("GET /api/v1/products/{sku}/prices", Scope::ProductsRead),
    ("PATCH /api/v1/warehouses/{id}", Scope::WarehousesWrite),
    ("GET /api/v1/inventory/{sku}/movements", Scope::StockRead),
    ("POST /api/v1/inventory/transfers", Scope::StockWrite),
    ("GET /api/v1/shipments", Scope::ShipmentsRead),
    ("PUT /api/v1/shipments/{tracking_number}/tracking", Scope::ShipmentsReport),
    ("GET /api/v1/warehouses", Scope::WarehousesRead),
    ("POST /api/v1/warehouses", Scope::WarehousesWrite),
    ("GET /api/v1/inventory", Scope::StockRead),
    ("GET /api/v1/inventory/{sku}", Scope::StockRead),
    ("POST /api/v1/inventory/adjustments", Scope::StockWrite),
    ("PUT /api/v1/inventory/thresholds", Scope::StockWrite),
    ("GET /api/v1/admin/users", Scope::UsersRead),
    ("PATCH /api/v1/admin/users/{id}", Scope::UsersWrite),
    ("PUT /api/v1/admin/users/{id}/role", Scope::UsersWrite),
    ("GET /api/v1/admin/failed-jobs", Scope::FailedJobsRead),
    ("GET /api/v1/admin/failed-jobs/{id}", Scope::FailedJobsRead),
    ("POST /api/v1/admin/failed-jobs/{id}/replay", Scope::FailedJobsWrite),
    ("POST /api/v1/admin/failed-jobs/{id}/discard", Scope::FailedJobsWrite),
    ("GET /api/v1/admin/replays", Scope::FailedJobsRead),
    ("POST /api/v1/admin/replays", Scope::FailedJobsWrite),
    ("GET /api/v1/admin/replays/{id}", Scope::FailedJobsRead),
    ("POST /api/v1/admin/replays/{id}/cancel", Scope::FailedJobsWrite),
    ("GET /api/v1/admin/sagas", Scope::SagasRead),
    ("GET /api/v1/admin/sagas/{id}", Scope::SagasRead),
    ("POST /api/v1/admin/sagas/{id}/retry-step", Scope::SagasWrite),
    ("POST /api/v1/admin/sagas/{id}/mark-step-done", Scope::SagasWrite),
    ("POST /api/v1/admin/sagas/{id}/capture-again", Scope::SagasWrite),
    ("POST /api/v1/admin/sagas/{id}/reauthorize", Scope::SagasWrite),
    ("POST /api/v1/admin/sagas/{id}/abandon", Scope::SagasWrite),
    ("POST /api/v1/admin/orders/{id}/shipments/{shipment_id}/resolve", Scope::SagasWrite),
    ("POST /api/v1/admin/orders/{id}/shipments/{shipment_id}/reship", Scope::SagasWrite),
    ("GET /api/v1/admin/ledger", Scope::LedgerRead),
    ("GET /api/v1/admin/ledger/summary", Scope::LedgerRead),
    ("GET /api/v1/admin/settlements", Scope::LedgerRead),
    ("GET /api/v1/admin/refunds", Scope::PaymentsRead),
    ("GET /api/v1/admin/audit-logs", Scope::AuditRead),
    ("GET /api/v1/admin/tasks", Scope::TasksRead),
    ("GET /api/v1/admin/tasks/{name}/runs", Scope::TasksRead),
];

/// Every operation of the OpenAPI document as `POST /path`, and whether it requires a token.
fn operations(client: &ApiClient) -> BTreeMap<String, bool> {
    let paths = api::documentation(&client.state).paths.paths;
    paths.into_iter().flat_map(|(path, item)| named(&path, item)).collect()
}

fn named(path: &str, item: PathItem) -> Vec<(String, bool)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let methods = [("GET", get), ("POST", post), ("PUT", put), ("PATCH", patch), ("DELETE", delete)];
    let operations = methods.into_iter().filter_map(|(method, operation)| Some((method, operation?)));
    operations.map(|(method, operation)| (format!("{method} {path}"), needs_token(&operation))).collect()
}

fn needs_token(operation: &Operation) -> bool {
    let security = serde_json::to_value(&operation.security).expect("plain data");
    let alternatives = security.as_array().expect("every operation declares its security");
    !alternatives.iter().any(|alternative| *alternative == json!({}))
}

fn request(operation: &str) -> ApiRequest {
    let (method, path) = operation.split_once(' ').expect("METHOD /path");
    let path = path.replace("{id}", &Uuid::now_v7().to_string()).replace("{sku}", "NO-SUCH-SKU");
    let path = path.replace("{name}", "no-such-task").replace("{refund_id}", &Uuid::now_v7().to_string());
    let path = path.replace("{shipment_id}", &Uuid::now_v7().to_string());
    let path = path.replace("{tracking_number}", "NO-SUCH-NUMBER").replace("{code}", "validation");
    let request = ApiRequest::new(method.parse::<Method>().expect("a method"), &path);
    let request =
        if method == "POST" && path.ends_with("/orders") { request.header("idempotency-key", "k") } else { request };
    if method == "GET" { request } else { request.json(&json!({})) }
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_route_without_a_token_is_refused_unless_it_is_listed_as_public(pool: PgPool) {
    let client = ApiClient::new(pool);

    for (operation, needs_token) in operations(&client) {
        let is_public = PUBLIC.contains(&operation.as_str());
        assert_eq!(needs_token, !is_public, "{operation}: the OpenAPI document and `PUBLIC` differ");
        let response = client.send(request(&operation)).await;
        if is_public {
            assert!(!matches!(response.status.as_u16(), 401 | 403), "{operation}: {}", response.body);
        } else {
            assert!(response.headers.contains_key("www-authenticate"), "{operation}");
            response.expect_problem(401, "unauthenticated");
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_role_may_use_the_listed_routes_and_no_others(pool: PgPool) {
    let client = ApiClient::new(pool);
    let mut users = Vec::new();
    for role in [Customer, Vendor, Support, Admin] {
        users.push((role, client.create_user(&role.to_string(), role).await));
    }
    // It ends the sessions of the users, so it comes last.
    let mut operations: Vec<_> = operations(&client).into_iter().collect();
    operations.sort_by_key(|(operation, _)| operation.ends_with("/logout-all"));

    for (operation, _) in operations.into_iter().filter(|(_, needs_token)| *needs_token) {
        let row = ROLES.iter().find(|(listed, _)| *listed == operation);
        let (_, allowed) = row.unwrap_or_else(|| panic!("{operation} has no row in `ROLES`"));
        for (role, user) in &users {
            let response = client.send(request(&operation).by(user)).await;
            if allowed.contains(role) {
                assert!(
                    !matches!(response.status.as_u16(), 401 | 403 | 500..),
                    "{role} {operation}: {}",
                    response.body
                );
            } else {
                response.expect_problem(403, "forbidden");
            }
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_api_key_may_use_the_routes_of_its_scopes_that_its_owners_role_permits_and_no_others(pool: PgPool) {
    let client = ApiClient::new(pool);
    let mut users = Vec::new();
    for role in [Customer, Vendor, Support, Admin] {
        users.push((role, client.create_user(&role.to_string(), role).await));
    }
    let admin = &users.last().expect("an admin").1;
    let operations: Vec<_> = operations(&client).into_iter().filter(|(_, needs_token)| *needs_token).collect();

    for (role, owner) in &users {
        for scope in Scope::VARIANTS {
            let key = json!({ "name": "test", "scopes": [scope], "owner_id": owner.id.as_uuid() });
            let created = client.send(post("/api-keys").by(admin).json(&key)).await;
            if created.status != StatusCode::CREATED {
                // The role permits nothing of the scope.
                assert_eq!(created.pointers(), ["/scopes"], "{role} {scope}");
                continue;
            }
            let key = created.body["secret"].as_str().expect("a secret").to_owned();
            for (operation, _) in &operations {
                let (_, roles) = ROLES.iter().find(|(listed, _)| listed == operation).expect("a row");
                let needed = SCOPES.iter().find(|(listed, _)| listed == operation).map(|(_, scope)| scope.to_string());
                let is_allowed = needed.as_deref() == Some(scope) && roles.contains(role);
                let response = client.send(request(operation).token(&key)).await;
                let is_refused = matches!(response.status.as_u16(), 401 | 403);
                assert_eq!(is_refused, !is_allowed, "{role} {scope} {operation}: {}", response.body);
            }
        }
    }
}

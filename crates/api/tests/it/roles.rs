//! The roles that may use each route. A route of the OpenAPI document without a row here fails the test.

use crate::client::{ApiClient, ApiRequest};
use accounts::Role;
use accounts::Role::{Admin, Customer, Support, Vendor};
use axum::http::Method;
use serde_json::json;
use sqlx::PgPool;
use std::collections::BTreeMap;
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
    ("GET /api/v1/auth/sessions", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/auth/password", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/auth/logout-all", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/orders", &[Customer, Admin]),
    ("GET /api/v1/orders", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}/events", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}/stream", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/orders/{id}/cancel", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}/payments", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/orders/{id}/shipments", &[Customer, Vendor, Support, Admin]),
    ("GET /api/v1/shipments", &[Vendor, Support, Admin]),
    ("GET /api/v1/shipments/{tracking_number}", &[Customer, Vendor, Support, Admin]),
    ("POST /api/v1/shipments/{tracking_number}/events", &[Vendor, Admin]),
    ("PUT /api/v1/shipments/{tracking_number}/tracking", &[Vendor, Admin]),
    ("POST /api/v1/products", &[Vendor, Admin]),
    ("PATCH /api/v1/products/{sku}", &[Vendor, Admin]),
    ("GET /api/v1/warehouses", &[Vendor, Support, Admin]),
    ("POST /api/v1/warehouses", &[Admin]),
    ("GET /api/v1/inventory", &[Vendor, Support, Admin]),
    ("GET /api/v1/inventory/{sku}", &[Vendor, Support, Admin]),
    ("POST /api/v1/inventory/adjustments", &[Vendor, Admin]),
    ("PUT /api/v1/inventory/thresholds", &[Vendor, Admin]),
    ("GET /api/v1/admin/users", &[Support, Admin]),
    ("PATCH /api/v1/admin/users/{id}", &[Admin]),
    ("PUT /api/v1/admin/users/{id}/role", &[Admin]),
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
    ("POST /api/v1/admin/sagas/{id}/abandon", &[Admin]),
    ("GET /api/v1/admin/audit-logs", &[Support, Admin]),
    ("GET /api/v1/admin/tasks", &[Support, Admin]),
    ("GET /api/v1/admin/tasks/{name}/runs", &[Support, Admin]),
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
    let path = path.replace("{name}", "no-such-task");
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

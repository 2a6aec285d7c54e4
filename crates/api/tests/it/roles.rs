//! Who may do what, asked of every route that the description knows: a new route without a row here fails.

use crate::client::{Ask, Door};
use accounts::Role;
use accounts::Role::{Admin, Customer, Vendor};
use axum::http::Method;
use serde_json::json;
use sqlx::PgPool;
use std::collections::BTreeMap;
use utoipa::openapi::path::{Operation, PathItem};
use uuid::Uuid;

/// Open to all.
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

/// Open to these.
const ROLES: &[(&str, &[Role])] = &[
    ("GET /api/v1/auth/me", &[Customer, Vendor, Admin]),
    ("POST /api/v1/orders", &[Customer, Admin]),
    ("GET /api/v1/orders", &[Customer, Vendor, Admin]),
    ("GET /api/v1/orders/{id}", &[Customer, Vendor, Admin]),
    ("GET /api/v1/orders/{id}/events", &[Customer, Vendor, Admin]),
    ("GET /api/v1/orders/{id}/stream", &[Customer, Vendor, Admin]),
    ("POST /api/v1/orders/{id}/cancel", &[Customer, Vendor, Admin]),
    ("GET /api/v1/orders/{id}/payments", &[Customer, Vendor, Admin]),
    ("GET /api/v1/orders/{id}/shipments", &[Customer, Vendor, Admin]),
    ("GET /api/v1/shipments/{tracking_number}", &[Customer, Vendor, Admin]),
    ("POST /api/v1/shipments/{tracking_number}/events", &[Vendor, Admin]),
    ("POST /api/v1/products", &[Vendor, Admin]),
    ("PATCH /api/v1/products/{sku}", &[Vendor, Admin]),
    ("GET /api/v1/warehouses", &[Vendor, Admin]),
    ("POST /api/v1/warehouses", &[Admin]),
    ("GET /api/v1/inventory", &[Vendor, Admin]),
    ("GET /api/v1/inventory/{sku}", &[Vendor, Admin]),
    ("POST /api/v1/inventory/adjustments", &[Vendor, Admin]),
    ("PUT /api/v1/inventory/thresholds", &[Vendor, Admin]),
    ("PUT /api/v1/admin/users/{id}/role", &[Admin]),
    ("GET /api/v1/admin/failed-jobs", &[Admin]),
    ("GET /api/v1/admin/failed-jobs/{id}", &[Admin]),
    ("POST /api/v1/admin/failed-jobs/{id}/replay", &[Admin]),
    ("POST /api/v1/admin/failed-jobs/{id}/discard", &[Admin]),
    ("GET /api/v1/admin/replays", &[Admin]),
    ("POST /api/v1/admin/replays", &[Admin]),
    ("GET /api/v1/admin/replays/{id}", &[Admin]),
    ("POST /api/v1/admin/replays/{id}/cancel", &[Admin]),
    ("GET /api/v1/admin/sagas", &[Admin]),
    ("GET /api/v1/admin/sagas/{id}", &[Admin]),
    ("POST /api/v1/admin/sagas/{id}/retry-step", &[Admin]),
    ("POST /api/v1/admin/sagas/{id}/mark-step-done", &[Admin]),
    ("POST /api/v1/admin/sagas/{id}/abandon", &[Admin]),
    ("GET /api/v1/admin/audit-logs", &[Admin]),
    ("GET /api/v1/admin/tasks", &[Admin]),
    ("GET /api/v1/admin/tasks/{name}/runs", &[Admin]),
];

/// Every operation of the description: `POST /path`, and whether it asks for a token.
fn operations(door: &Door) -> BTreeMap<String, bool> {
    let paths = api::documentation(&door.state).paths.paths;
    paths.into_iter().flat_map(|(path, item)| named(&path, item)).collect()
}

fn named(path: &str, item: PathItem) -> Vec<(String, bool)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let methods = [("GET", get), ("POST", post), ("PUT", put), ("PATCH", patch), ("DELETE", delete)];
    let there = methods.into_iter().filter_map(|(method, operation)| Some((method, operation?)));
    there.map(|(method, operation)| (format!("{method} {path}"), needs_token(&operation))).collect()
}

fn needs_token(operation: &Operation) -> bool {
    let security = serde_json::to_value(&operation.security).expect("plain data");
    let alternatives = security.as_array().expect("every route says who may");
    !alternatives.iter().any(|alternative| *alternative == json!({}))
}

fn ask(operation: &str) -> Ask {
    let (method, path) = operation.split_once(' ').expect("METHOD /path");
    let path = path.replace("{id}", &Uuid::now_v7().to_string()).replace("{sku}", "NO-SUCH-SKU");
    let path = path.replace("{name}", "no-such-task");
    let path = path.replace("{tracking_number}", "NO-SUCH-NUMBER").replace("{code}", "validation");
    let ask = Ask::new(method.parse::<Method>().expect("a method"), &path);
    let ask = if method == "POST" && path.ends_with("/orders") { ask.header("idempotency-key", "k") } else { ask };
    if method == "GET" { ask } else { ask.json(&json!({})) }
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_route_without_a_token_is_refused_unless_it_is_listed_as_public(pool: PgPool) {
    let door = Door::open(pool);

    for (operation, needs_token) in operations(&door) {
        let is_public = PUBLIC.contains(&operation.as_str());
        assert_eq!(needs_token, !is_public, "{operation} is described otherwise than it is listed");
        let answer = door.send(ask(&operation)).await;
        if is_public {
            assert!(!matches!(answer.status.as_u16(), 401 | 403), "{operation}: {}", answer.body);
        } else {
            assert!(answer.headers.contains_key("www-authenticate"), "{operation}");
            answer.expect_problem(401, "unauthenticated");
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_role_may_do_what_the_table_says_and_nothing_else(pool: PgPool) {
    let door = Door::open(pool);
    let mut people = Vec::new();
    for role in [Customer, Vendor, Admin] {
        people.push((role, door.person(&role.to_string(), role).await));
    }

    for (operation, _) in operations(&door).into_iter().filter(|(_, needs_token)| *needs_token) {
        let row = ROLES.iter().find(|(listed, _)| *listed == operation);
        let (_, allowed) = row.unwrap_or_else(|| panic!("{operation} has no row"));
        for (role, person) in &people {
            let answer = door.send(ask(&operation).of(person)).await;
            if allowed.contains(role) {
                assert!(!matches!(answer.status.as_u16(), 401 | 403 | 500..), "{role} {operation}: {}", answer.body);
            } else {
                answer.expect_problem(403, "forbidden");
            }
        }
    }
}

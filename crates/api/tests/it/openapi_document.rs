//! The OpenAPI document is complete: every route has texts, schemas, examples and problems, and the examples work.

use crate::client::{ApiClient, ApiRequest, ApiResponse, TestUser, get, post};
use crate::openapi_contract::{OpenApiDocument, Operation};
use accounts::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The code that no operation declares: it is the response to a method that a path does not support.
const OF_NO_ROUTE: &str = "method-not-allowed";

/// The document alone; the database is not used.
fn document() -> OpenApiDocument {
    let unreachable = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").expect("an address");
    ApiClient::new(unreachable).openapi
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[tokio::test]
async fn every_route_has_a_summary_a_description_a_tag_and_an_id() {
    let mut ids = BTreeSet::new();

    for operation in document().operations() {
        let (name, definition) = (operation.name(), operation.definition);
        assert!(is_text(&definition["summary"]), "{name} has no summary: the first line of its handler's comment");
        assert!(is_text(&definition["description"]), "{name} has no description: the rest of its handler's comment");
        assert_eq!(definition["tags"].as_array().map(Vec::len), Some(1), "{name} has no tag");
        assert!(ids.insert(definition["operationId"].to_string()), "{name}: another route has this operationId");
        for parameter in definition["parameters"].as_array().into_iter().flatten() {
            assert!(
                is_text(&parameter["description"]),
                "{name}: the parameter {} has no description",
                parameter["name"]
            );
        }
    }
}

#[tokio::test]
async fn every_parameter_has_bounds_and_is_never_null() {
    for operation in document().operations() {
        for parameter in operation.definition["parameters"].as_array().into_iter().flatten() {
            let what = format!("{}: {}", operation.name(), parameter["name"]);
            let schema = &parameter["schema"];
            let has = |bound: &str| !schema[bound].is_null();
            match schema["type"].as_str() {
                Some("string") => {
                    assert!(["enum", "pattern", "maxLength", "format"].into_iter().any(has), "{what} has no bound");
                }
                Some("integer") => assert!(has("minimum") && has("maximum"), "{what} has no bounds"),
                Some("boolean" | "array") => {}
                other => panic!("{what} is {other:?}: one type, since a parameter is absent and never null"),
            }
        }
    }
}

#[tokio::test]
async fn every_object_of_a_request_body_is_closed() {
    let document = document();

    for operation in document.operations() {
        let Some(body) = operation.request_body() else { continue };
        expect_closed(document, &body["schema"], &operation.name());
    }
}

fn expect_closed(document: OpenApiDocument, schema: &Value, what: &str) {
    let schema = document.resolve(schema);
    if let Some(members) = schema["properties"].as_object() {
        assert!(!schema["additionalProperties"].is_null(), "{what}: the server refuses other members, say so");
        for (name, member) in members {
            expect_closed(document, member, &format!("{what}.{name}"));
        }
    }
    let parts = ["oneOf", "allOf", "anyOf"].into_iter().filter_map(|kind| schema[kind].as_array()).flatten();
    for part in parts.chain(schema.get("items")) {
        expect_closed(document, part, what);
    }
}

#[tokio::test]
async fn every_body_has_a_schema_and_an_example_that_fits_it() {
    let document = document();

    for operation in document.operations() {
        let name = operation.name();
        if let Some(body) = operation.request_body() {
            expect_example(document, &format!("{name}: its body"), body);
        }
        let successes = operation.responses().iter().filter(|(status, _)| status.starts_with(['2', '3']));
        let successes: Vec<_> = successes.collect();
        assert!(!successes.is_empty(), "{name} declares no successful response");
        for (status, response) in successes {
            assert!(is_text(&response["description"]), "{name}: its {status} has no description");
            for content in response["content"].as_object().into_iter().flat_map(|content| content.values()) {
                expect_example(document, &format!("{name}: its {status}"), content);
            }
        }
    }
}

fn expect_example(document: OpenApiDocument, what: &str, content: &Value) {
    let example = &content["example"];
    assert!(content["schema"].is_object(), "{what} has no schema");
    assert!(
        !example.is_null(),
        "{what} has no example. Members need `#[schema(example = …)]`: {:?}; a body that is no JSON object needs \
         `example = …` next to its content type",
        document.members_without_example(&content["schema"], "")
    );
    document.expect_matches_schema(example, &content["schema"], what);
}

#[tokio::test]
async fn every_problem_is_listed_with_an_example_under_its_status() {
    let document = document();

    for operation in document.operations() {
        let name = operation.name();
        assert!(operation.responses().contains_key("500"), "{name} lists no problems");
        for (status, response) in operation.responses().iter().filter(|(status, _)| *status >= &"400".to_owned()) {
            let response = document.resolve(response);
            assert!(is_text(&response["description"]), "{name}: its {status} has no description");
            for example in response["content"]["application/problem+json"]["examples"].as_object().into_iter().flatten()
            {
                let (code, problem) = (example.0, &document.resolve(example.1)["value"]);
                assert_eq!(&problem["code"], code, "{name} {status}");
                assert_eq!(problem["status"].to_string(), *status, "{name} {code}");
                document.expect_matches_schema(problem, &json!({ "$ref": "#/components/schemas/Problem" }), code);
            }
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_kind_of_problem_is_declared_by_a_route(pool: PgPool) {
    let client = ApiClient::new(pool);
    let operations = client.openapi.operations();
    let responses = operations.iter().flat_map(|operation| operation.responses().values());
    let listed: BTreeSet<_> = responses.flat_map(|response| client.openapi.codes(response)).collect();

    let text = client.send(get("/openapi.json")).await.expect(StatusCode::OK);
    let known: BTreeSet<_> = text["components"]["examples"].as_object().unwrap().keys().map(String::as_str).collect();

    let unlisted: Vec<_> = known.difference(&listed).collect();
    assert_eq!(unlisted, [&OF_NO_ROUTE], "no route declares these: add them to the `x-problems` of a route");
    for code in known {
        assert!(text["info"]["description"].as_str().unwrap().contains(&format!("`{code}`")), "{code}");
        client.send(get(&format!("/problems/{code}"))).await.expect(StatusCode::OK);
    }
}

#[sqlx::test(migrations = "../../migrations")]
#[should_panic(expected = "GET /api/v1/products answered 418 , which its description does not declare")]
async fn a_response_that_is_not_declared_fails_the_test(pool: PgPool) {
    let client = ApiClient::new(pool);
    let response = client.send(get("/products")).await;

    let undeclared = ApiResponse { status: StatusCode::IM_A_TEAPOT, ..response };

    client.openapi.expect_documented(&Method::GET, "/api/v1/products", &undeclared);
}

/// A client and an admin, with the products that the examples refer to.
async fn setup(pool: PgPool) -> (ApiClient, TestUser) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    let admin = client.create_user("admin", Role::Admin).await;
    (client, admin)
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_route_accepts_its_own_example(pool: PgPool) {
    let (client, admin) = setup(pool).await;
    client.create_warehouse("WEST").await;

    for operation in client.openapi.operations().into_iter().filter(|operation| operation.request_body().is_some()) {
        let id = Uuid::now_v7().to_string();
        let path = operation.path.replace("{id}", &id).replace("{refund_id}", &id).replace("{shipment_id}", &id);
        let path = path.replace("{sku}", "NO-SUCH-SKU");
        let path = path.split('/').map(|part| if part.starts_with('{') { "NONE" } else { part }).collect::<Vec<_>>();
        let request = ApiRequest::new(operation.name().split_once(' ').unwrap().0.parse().unwrap(), &path.join("/"));
        let request =
            if operation.path.ends_with("/orders") { request.header("idempotency-key", "k") } else { request };
        let response = client.send(request.by(&admin).json(example(&operation))).await;

        let refused = matches!(response.status.as_u16(), 400 | 413 | 415 | 422 | 500..);
        assert!(!refused, "{} does not accept its own example: {}", operation.name(), response.body);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_examples_lead_from_sign_up_to_an_order(pool: PgPool) {
    let (client, _) = setup(pool).await;
    let of = |path: &str| client.openapi.operation("POST", path).expect("a route");
    let (sign_up, log_in, place) = (of("/api/v1/auth/signup"), of("/api/v1/auth/login"), of("/api/v1/orders"));
    client.seed_user("customer@orders.local", Role::Customer).await;

    client.send(post("/auth/signup").json(example(&sign_up))).await.expect(StatusCode::CREATED);
    let session = client.send(post("/auth/login").json(example(&log_in))).await.expect(StatusCode::OK);
    let order =
        post("/orders").token(session["access_token"].as_str().unwrap()).header("idempotency-key", "basket-4711");
    let accepted = client.send(order.json(example(&place))).await.expect(StatusCode::ACCEPTED);

    assert_eq!(accepted["order_status"], "pending");
}

fn example<'o>(operation: &'o Operation<'_>) -> &'o Value {
    &operation.request_body().expect("it has a body")["example"]
}

#[tokio::test]
async fn the_committed_document_is_the_one_that_the_api_serves() {
    let served = document().to_json();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::fs::read_to_string(path).is_ok_and(|committed| committed == served) {
        return;
    }
    let new = format!("{path}.new");
    std::fs::write(&new, served).expect("written");
    panic!("the API has changed: compare {new} with openapi.json; if that is intended, replace it");
}

#[tokio::test]
async fn every_field_with_a_list_of_values_in_its_description_is_an_enum() {
    let mut found = Vec::new();
    find_undeclared_sets(&document().components(), "", &mut found);
    assert!(found.is_empty(), "use a type of `docs/sets.rs`: {found:?}");
}

/// A description that starts as a list of names, "`a`, `b` or `c`", of a text that may be anything.
fn find_undeclared_sets(value: &Value, place: &str, found: &mut Vec<String>) {
    let members = value.as_object().into_iter().flatten();
    let is_list = value["description"].as_str().is_some_and(|text| text.starts_with('`') && text.contains("` or `"));
    if is_list && value["type"] == "string" && value["enum"].is_null() {
        found.push(place.to_owned());
    }
    for (name, member) in members {
        find_undeclared_sets(member, &format!("{place}/{name}"), found);
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        find_undeclared_sets(item, &format!("{place}/{index}"), found);
    }
}

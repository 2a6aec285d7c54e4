//! The description tells of every route all that a client must know.

use crate::client::{Answer, Ask, Door, Person, get, post};
use crate::openapi_contract::{Description, Operation};
use accounts::Role;
use axum::http::{Method, StatusCode};
use domain::ids::WarehouseId;
use domain::inventory::Warehouse;
use platform::audit::NoAudit;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::BTreeSet;
use uuid::Uuid;

/// No route answers with it: it is what asking a route for something else leads to.
const OF_NO_ROUTE: &str = "method-not-allowed";

/// The description alone; nothing is asked of the database.
fn description() -> Description {
    let nowhere = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").expect("an address");
    Door::open(nowhere).description
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[tokio::test]
async fn every_route_says_what_it_does_and_under_which_name() {
    let mut ids = BTreeSet::new();

    for operation in description().operations() {
        let (name, told) = (operation.name(), operation.told);
        assert!(is_text(&told["summary"]), "{name} has no summary: the first line of its handler's comment");
        assert!(is_text(&told["description"]), "{name} has no description: what its handler's comment says below");
        assert_eq!(told["tags"].as_array().map(Vec::len), Some(1), "{name} has no tag");
        assert!(ids.insert(told["operationId"].to_string()), "{name}: another route has this operationId");
        for parameter in told["parameters"].as_array().into_iter().flatten() {
            assert!(
                is_text(&parameter["description"]),
                "{name}: the parameter {} has no description",
                parameter["name"]
            );
        }
    }
}

#[tokio::test]
async fn every_body_has_a_schema_and_an_example_that_fits_it() {
    let description = description();

    for operation in description.operations() {
        let name = operation.name();
        if let Some(body) = operation.takes() {
            expect_example(description, &format!("{name}: what it takes"), body);
        }
        let answers = operation.responses().iter().filter(|(status, _)| status.starts_with(['2', '3']));
        let answers: Vec<_> = answers.collect();
        assert!(!answers.is_empty(), "{name} does not say what it answers when all is well");
        for (status, response) in answers {
            assert!(is_text(&response["description"]), "{name}: its {status} has no description");
            for content in response["content"].as_object().into_iter().flat_map(|content| content.values()) {
                expect_example(description, &format!("{name}: its {status}"), content);
            }
        }
    }
}

fn expect_example(description: Description, what: &str, content: &Value) {
    let example = &content["example"];
    assert!(content["schema"].is_object(), "{what} has no schema");
    assert!(
        !example.is_null(),
        "{what} has no example. Members need `#[schema(example = …)]`: {:?}; what is no JSON object needs `example = …` \
         beside its content type",
        description.bare(&content["schema"], "")
    );
    description.expect_fitting(example, &content["schema"], what);
}

#[tokio::test]
async fn every_problem_is_listed_with_an_example_under_its_status() {
    let description = description();

    for operation in description.operations() {
        let name = operation.name();
        assert!(operation.responses().contains_key("500"), "{name} lists no problems");
        for (status, response) in operation.responses().iter().filter(|(status, _)| *status >= &"400".to_owned()) {
            let response = description.resolved(response);
            assert!(is_text(&response["description"]), "{name}: its {status} has no description");
            for example in response["content"]["application/problem+json"]["examples"].as_object().into_iter().flatten()
            {
                let (code, problem) = (example.0, &description.resolved(example.1)["value"]);
                assert_eq!(&problem["code"], code, "{name} {status}");
                assert_eq!(problem["status"].to_string(), *status, "{name} {code}");
                description.expect_fitting(problem, &json!({ "$ref": "#/components/schemas/ProblemBody" }), code);
            }
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_kind_of_problem_is_one_of_some_route(pool: PgPool) {
    let door = Door::open(pool);
    let operations = door.description.operations();
    let responses = operations.iter().flat_map(|operation| operation.responses().values());
    let listed: BTreeSet<_> = responses.flat_map(|response| door.description.codes(response)).collect();

    let text = door.send(get("/openapi.json")).await.expect(StatusCode::OK);
    let known: BTreeSet<_> = text["components"]["examples"].as_object().unwrap().keys().map(String::as_str).collect();

    let unlisted: Vec<_> = known.difference(&listed).collect();
    assert_eq!(unlisted, [&OF_NO_ROUTE], "which route answers with the others? Name them in its `x-problems`");
    for code in known {
        assert!(text["info"]["description"].as_str().unwrap().contains(&format!("`{code}`")), "{code}");
        door.send(get(&format!("/problems/{code}"))).await.expect(StatusCode::OK);
    }
}

#[sqlx::test(migrations = "../../migrations")]
#[should_panic(expected = "GET /api/v1/products answered 418 , of which its description says nothing")]
async fn whoever_gets_an_answer_that_is_not_described_fails(pool: PgPool) {
    let door = Door::open(pool);
    let answer = door.send(get("/products")).await;

    let odd = Answer { status: StatusCode::IM_A_TEAPOT, ..answer };

    door.description.expect_known(&Method::GET, "/api/v1/products", &odd);
}

/// An admin, in a house where all that the examples name is there.
async fn house(pool: PgPool) -> (Door, Person) {
    let door = Door::open(pool);
    let vendor = door.person("vendor", Role::Vendor).await;
    door.stock(vendor.id).await;
    let admin = door.person("admin", Role::Admin).await;
    (door, admin)
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_example_of_every_body_is_one_that_the_route_reads(pool: PgPool) {
    let (door, admin) = house(pool).await;
    let adjustment = door.description.operation("POST", "/api/v1/inventory/adjustments").expect("a route");
    let warehouse: Uuid = example(&adjustment)["warehouse_id"].as_str().expect("an id").parse().expect("a UUID");
    open_warehouse(&door, WarehouseId::from_uuid(warehouse)).await;

    for operation in door.description.operations().into_iter().filter(|operation| operation.takes().is_some()) {
        let path = operation.path.replace("{id}", &Uuid::now_v7().to_string()).replace("{sku}", "NO-SUCH-SKU");
        let path = path.split('/').map(|part| if part.starts_with('{') { "NONE" } else { part }).collect::<Vec<_>>();
        let ask = Ask::new(operation.name().split_once(' ').unwrap().0.parse().unwrap(), &path.join("/"));
        let ask = if operation.path.ends_with("/orders") { ask.header("idempotency-key", "k") } else { ask };
        let answer = door.send(ask.of(&admin).json(example(&operation))).await;

        let refused = matches!(answer.status.as_u16(), 400 | 413 | 415 | 422 | 500..);
        assert!(!refused, "{} does not read its own example: {}", operation.name(), answer.body);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn whoever_follows_the_examples_places_an_order(pool: PgPool) {
    let (door, _) = house(pool).await;
    let of = |path: &str| door.description.operation("POST", path).expect("a route");
    let (sign_up, log_in, place) = (of("/api/v1/auth/signup"), of("/api/v1/auth/login"), of("/api/v1/orders"));
    door.seed_user("customer@orders.local", Role::Customer).await;

    door.send(post("/auth/signup").json(example(&sign_up))).await.expect(StatusCode::CREATED);
    let session = door.send(post("/auth/login").json(example(&log_in))).await.expect(StatusCode::OK);
    let order =
        post("/orders").token(session["access_token"].as_str().unwrap()).header("idempotency-key", "basket-4711");
    let accepted = door.send(order.json(example(&place))).await.expect(StatusCode::ACCEPTED);

    assert_eq!(accepted["order_status"], "pending");
}

fn example<'o>(operation: &'o Operation<'_>) -> &'o Value {
    &operation.takes().expect("it takes a body")["example"]
}

async fn open_warehouse(door: &Door, id: WarehouseId) {
    let north = Warehouse::new(id, "NORTH".parse().expect("a code"), "North", 3).expect("a warehouse");
    inventory::create_warehouse(&door.pool, &north, platform::clock::now(), &NoAudit).await.expect("opened");
}

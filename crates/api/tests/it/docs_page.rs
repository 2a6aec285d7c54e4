//! What the page at `/docs` promises and a test can see without a browser. `tests/system/docs_page.rs` uses it in one.

use crate::client::{ApiClient, OPTIONS, get};
use api::Options;
use axum::http::StatusCode;
use sqlx::PgPool;
use std::collections::BTreeSet;

/// The demo accounts, as `orderctl seed --demo` creates them.
const DEMO_ACCOUNTS: &str = include_str!("../../../orderctl/src/seed/accounts.rs");

/// The page alone; the database is not used.
fn client(shows_demo_accounts: bool) -> ApiClient {
    let unreachable = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").expect("an address");
    ApiClient::with_options(unreachable, Options { shows_demo_accounts, ..OPTIONS })
}

async fn text(client: &ApiClient, path: &str) -> String {
    client.send(get(path)).await.expect(StatusCode::OK).as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn the_root_and_docs_lead_to_the_page() {
    let client = client(true);

    assert_eq!(client.send(get("/")).await.headers["location"], "/docs/");
    assert_eq!(client.send(get("/docs")).await.headers["location"], "/docs/");
    let document = client.send(get("/openapi.json")).await.expect(StatusCode::OK);
    assert!(document["paths"]["/api/v1/orders"]["post"]["responses"]["202"].is_object());
    client.send(get("/docs/index.html")).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn the_quick_start_comes_before_the_operations() {
    let page = text(&client(true), "/docs/").await;

    let steps = ["<h2>Log in</h2>", "<h2>Place an order</h2>", "<h2>Watch it</h2>", "id=\"swagger-ui\""];
    let places: Vec<_> = steps.iter().map(|step| page.find(step).expect(step)).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(!page.contains("{{"), "a placeholder is not replaced");
}

#[tokio::test]
async fn the_demo_accounts_are_shown_in_development_only() {
    let (development, production) = (text(&client(true), "/docs/").await, text(&client(false), "/docs/").await);
    let document = text_of_document().await;

    let values: Vec<_> =
        DEMO_ACCOUNTS.split('"').filter(|value| value.contains('@') || value.ends_with("123")).collect();
    assert_eq!(values.len(), 6, "three addresses and three passwords: {values:?}");
    for value in values {
        assert!(development.contains(&format!("<code>{value}</code>")), "{value} is not on the page");
        assert!(!production.contains(value), "{value} is on the page of production");
        assert!(!document.contains(value), "{value} is in the introduction of the OpenAPI document");
    }
}

async fn text_of_document() -> String {
    let document = client(false).send(get("/openapi.json")).await.expect(StatusCode::OK);
    document["info"]["description"].as_str().expect("an introduction").to_owned()
}

#[tokio::test]
async fn the_page_loads_only_its_own_files_and_its_policy_allows_nothing_else() {
    let client = client(true);

    let response = client.send(get("/docs/")).await;
    let policy = response.headers["content-security-policy"].to_str().expect("a text").to_owned();
    let page = response.expect(StatusCode::OK);

    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    let mut checked = BTreeSet::new();
    let mut open = references(page.as_str().expect("HTML"));
    while let Some(name) = open.pop() {
        if checked.insert(name.clone()) {
            let file = text(&client, &format!("/docs/{name}")).await;
            open.extend(if name.starts_with("swagger-ui") { Vec::new() } else { references(&file) });
        }
    }
    assert!(checked.contains("swagger-ui-bundle.js") && checked.contains("watch.js"), "{checked:?}");
}

/// The files that a page or a module loads; all of them are next to it.
fn references(text: &str) -> Vec<String> {
    let after = |start: &'static str| text.split(start).skip(1).filter_map(|rest| rest.split('"').next());
    let names: Vec<_> =
        after("src=\"").chain(after("link rel=\"stylesheet\" href=\"")).chain(after("from \"./")).collect();
    assert!(names.iter().all(|name| !name.contains('/')), "a file from elsewhere: {names:?}");
    names.into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn without_documentation_neither_page_nor_description_is_served() {
    let unreachable = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").expect("an address");
    let client = ApiClient::with_options(unreachable, Options { serves_docs: false, ..OPTIONS });

    for path in ["/", "/docs", "/docs/", "/docs/page.css", "/openapi.json"] {
        let problem = client.send(get(path)).await.expect_problem(404, "not-found");
        assert!(!problem.to_string().contains("see `/docs`"), "{problem}");
    }
}

//! The documentation page, used by a person with a browser: they log in, authorize and place an order.

use serde_json::{Value, json};
use std::time::Duration;
use system_tests::browser::Browser;
use system_tests::{SeedProduct, TestSystem, client};

const LIMIT: Duration = Duration::from_secs(30);
const LOG_IN: &str = "#operations-auth-log_in";
const PLACE_ORDER: &str = "#operations-orders-place_order";
const RESPONSE: &str = ".live-responses-table tr.response";

#[tokio::test]
async fn an_order_is_placed_from_the_documentation_without_any_network_but_the_api() {
    let system = TestSystem::of("docs_page").product(SeedProduct::of("SKU-HEADPHONES", 5)).start().await;
    let customer = system.client().signed_up("reader").await;
    let browser = Browser::open(&system.directory()).await;

    browser.go_to(&format!("{}/docs", system.api_url())).await;
    try_out(&browser, LOG_IN).await;
    let login = json!({ "email": "reader@example.com", "password": client::PASSWORD });
    browser.write(&format!("{LOG_IN} .body-param__text"), &login.to_string()).await;
    let session = execute(&browser, LOG_IN, "200").await;
    authorize(&browser, session["access_token"].as_str().expect("a login shows a token")).await;
    try_out(&browser, PLACE_ORDER).await;
    let key = format!("{PLACE_ORDER} tr[data-param-name='Idempotency-Key'] input");
    browser.write(&key, "placed-from-the-docs").await;
    // The form already contains the documented example.
    let accepted = execute(&browser, PLACE_ORDER, "202").await;
    browser.screenshot("order-accepted", &format!("{PLACE_ORDER} {RESPONSE}")).await;
    let id = accepted["order_id"].as_str().expect("an accepted order shows its id").parse().expect("a UUID");
    let confirmed = customer.wait_until(id, "confirmed", LIMIT).await;

    let refused = format!("{PLACE_ORDER} tr.response[data-code='422']");
    browser.screenshot("what-can-go-wrong", &refused).await;
    let problem = shown(&browser, &refused).await;

    assert_eq!(accepted["status"], "accepted");
    assert_eq!(problem["status"], 422, "{problem}");
    assert_eq!(confirmed["items"][0]["quantity"], 2);
    let traffic = browser.traffic().await;
    let elsewhere: Vec<_> =
        traffic.requested().filter(|url| !url.starts_with(&format!("{}/", system.api_url()))).collect();
    assert!(elsewhere.is_empty() && traffic.failed.is_empty(), "{elsewhere:?}, failed: {:?}", traffic.failed);
    assert!(traffic.requested().any(|url| url.ends_with("/api/v1/orders")), "the network log is empty");
    system.finish().await;
}

/// Opens an operation and its form.
async fn try_out(browser: &Browser, operation: &str) {
    browser.click(&format!("{operation} .opblock-summary-control")).await;
    browser.click(&format!("{operation} .try-out__btn")).await;
}

/// Submits the form, and reads the response from the page.
async fn execute(browser: &Browser, operation: &str, status: &str) -> Value {
    browser.click(&format!("{operation} .execute")).await;
    let response = format!("{operation} {RESPONSE}");
    let actual = browser.text(&format!("{response} .response-col_status")).await;
    let body = shown(browser, &response).await;
    assert!(actual.starts_with(status), "{actual}: {body}");
    body
}

/// The JSON of a response or of an example on the page.
async fn shown(browser: &Browser, response: &str) -> Value {
    let text = browser.text(&format!("{response} .response-col_description .highlight-code code")).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn authorize(browser: &Browser, token: &str) {
    browser.click(".auth-wrapper .authorize").await;
    browser.write(".auth-container input", token).await;
    browser.click(".auth-btn-wrapper .authorize").await;
    browser.click(".auth-btn-wrapper .btn-done").await;
}

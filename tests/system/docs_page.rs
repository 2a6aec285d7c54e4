//! The documentation page, used by a person with a browser: they log in, place an order and watch it.

use serde_json::Value;
use std::time::Duration;
use system_tests::browser::Browser;
use system_tests::{SeedProduct, TestSystem, client};

const LIMIT: Duration = Duration::from_secs(30);
const PLACE_ORDER: &str = "#operations-orders-place_order";
const FIND_ORDER: &str = "#operations-orders-find_order";
const RESPONSE: &str = ".live-responses-table tr.response";

#[tokio::test]
async fn an_order_is_placed_from_the_documentation_without_any_network_but_the_api() {
    let system = TestSystem::of("docs_page").product(SeedProduct::of("SKU-HEADPHONES", 5)).start().await;
    let customer = system.client().signed_up("reader").await;
    let browser = Browser::open(&system.directory()).await;

    browser.go_to(&format!("{}/docs", system.api_url())).await;
    log_in(&browser, "reader@example.com").await;
    browser.click("#open-place-order").await;
    let key = browser.value(&key_of(PLACE_ORDER)).await;
    // The form already contains the documented example.
    let accepted = execute(&browser, PLACE_ORDER, "202").await;
    browser.screenshot("order-accepted", &format!("{PLACE_ORDER} {RESPONSE}")).await;
    let id = accepted["order_id"].as_str().expect("an accepted order shows its id");
    let confirmed = customer.wait_until(id.parse().expect("a UUID"), "confirmed", LIMIT).await;

    assert_eq!(accepted["status"], "accepted");
    assert_eq!(confirmed["items"][0]["quantity"], 2);
    assert_eq!(key.len(), 36, "{key} is no UUID");
    assert_ne!(browser.value(&key_of(PLACE_ORDER)).await, key, "the next request has the same key");
    browser.text("#timeline li:nth-child(2)").await;
    browser.click(&format!("{FIND_ORDER} .opblock-summary-control")).await;
    assert_eq!(browser.value(&format!("{FIND_ORDER} tr[data-param-name='id'] input")).await, id);
    expect_folded_errors(&browser).await;
    expect_own_traffic(&browser, system.api_url()).await;
    let overflow = browser.overflow_on_a_phone().await;
    browser.screenshot("on-a-phone", &format!("{PLACE_ORDER} .execute")).await;
    assert!(overflow <= 0, "the page is {overflow} pixels wider than a phone");
    system.finish().await;
}

fn key_of(operation: &str) -> String {
    format!("{operation} tr[data-param-name='Idempotency-Key'] input")
}

/// Logs in behind *Authorize*, first with a wrong password.
async fn log_in(browser: &Browser, email: &str) {
    browser.click("#log-in").await;
    browser.write(".log-in input[name='email']", email).await;
    browser.write(".log-in input[name='password']", "a wrong password").await;
    browser.click(".log-in .authorize").await;
    assert_eq!(browser.text(".log-in .problem code").await, "invalid-credentials");
    browser.screenshot("login-refused", ".log-in .problem").await;
    browser.write(".log-in input[name='password']", client::PASSWORD).await;
    browser.click(".log-in .authorize").await;
    let account = format!("Logged in as {email} (customer).");
    browser.wait_for_text("#account", &account).await;
}

/// The success comes first; the errors are read after one click.
async fn expect_folded_errors(browser: &Browser) {
    let refused = format!("{PLACE_ORDER} tr.response[data-code='422']");
    browser.text(&format!("{PLACE_ORDER} tr.response[data-code='202']")).await;
    assert!(!browser.has(&refused).await, "an error is shown before it is unfolded");
    browser.click(&format!("{PLACE_ORDER} .errors > summary")).await;
    let problem = shown(browser, &refused).await;
    assert_eq!(problem["status"], 422, "{problem}");
    browser.screenshot("what-can-go-wrong", &refused).await;
}

/// Nothing was requested elsewhere, nothing failed, and the page's security policy refused nothing.
async fn expect_own_traffic(browser: &Browser, api: &str) {
    let traffic = browser.traffic().await;
    let elsewhere: Vec<_> = traffic.requested().filter(|url| !url.starts_with(&format!("{api}/"))).collect();
    assert!(elsewhere.is_empty() && traffic.failed.is_empty(), "{elsewhere:?}, failed: {:?}", traffic.failed);
    assert!(traffic.requested().any(|url| url.ends_with("/api/v1/orders")), "the network log is empty");
    let refused: Vec<_> = browser.console().await.into_iter().filter(|line| line.contains("Security Policy")).collect();
    assert!(refused.is_empty(), "{refused:?}");
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

//! The event stream of an order.

use crate::client::{ApiClient, ApiRequest, STREAMS_MAX, TestUser, get, post};
use crate::tokens::token_until;
use crate::worker_fixture;
use accounts::Role;
use axum::http::{Method, StatusCode};
use futures::StreamExt;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

/// A customer with an order that no worker has processed yet.
async fn setup(pool: PgPool) -> (ApiClient, TestUser, String) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    let customer = client.customer().await;
    let order = client.place(&customer).await;
    (client, customer, order)
}

fn stream(order: &str) -> ApiRequest {
    get(&format!("/orders/{order}/stream"))
}

/// Reads the stream to its end. Returns the events, each with its id.
async fn follow(client: &ApiClient, request: ApiRequest) -> Vec<(String, Value)> {
    let response = timeout(LIMIT, client.send(request)).await.expect("the stream ends");
    assert_eq!(response.headers["content-type"], "text/event-stream");
    entries_of(response.expect(StatusCode::OK).as_str().expect("events"))
}

/// Reads the stream to its end, and runs `then` once its first entry has arrived. Before that, `then` could end the
/// stream without any entry.
async fn follow_and(client: &ApiClient, request: ApiRequest, then: impl Future<Output = ()>) -> Vec<(String, Value)> {
    let mut received = String::new();
    let reading = async {
        let mut chunks = client.open(request).await.into_body().into_data_stream();
        let mut then = Some(then);
        while let Some(chunk) = chunks.next().await {
            received.push_str(str::from_utf8(&chunk.expect("a chunk")).expect("text"));
            if let Some(then) = then.take_if(|_| received.contains("event: entry\n")) {
                then.await;
            }
        }
    };
    timeout(LIMIT, reading).await.expect("the stream ends");
    entries_of(&received)
}

/// The entries of a whole stream, each with its id.
fn entries_of(stream: &str) -> Vec<(String, Value)> {
    let events: Vec<_> = stream.split("\n\n").filter(|event| event.contains("event: ")).collect();
    let (end, entries) = events.split_last().expect("every stream has an end");
    assert!(end.starts_with("event: end\ndata: {\"reason\":"), "{end}");
    assert!(entries.first().is_none_or(|first| first.starts_with("retry: 3000\n")), "{entries:?}");
    entries.iter().map(|event| event_of(event).expect("an id, a name and data")).collect()
}

fn event_of(event: &str) -> Option<(String, Value)> {
    let event = event.strip_prefix("retry: 3000\n").unwrap_or(event);
    let (id, data) = event.strip_prefix("id: ")?.split_once("\nevent: entry\ndata: ")?;
    Some((id.to_owned(), serde_json::from_str(data).ok()?))
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stream_delivers_every_event_once_and_ends_with_the_last_one(pool: PgPool) {
    let (client, customer, order) = setup(pool).await;
    let vendor = client.log_in("vendor@orders.local", crate::client::PASSWORD).await.expect(StatusCode::OK);
    let vendor = vendor["access_token"].as_str().expect("a token");

    let (of_customer, of_vendor, ()) = tokio::join!(
        follow(&client, stream(&order).by(&customer)),
        follow(&client, stream(&order).token(vendor).header("accept", "text/event-stream")),
        worker_fixture::reject(&client, &order),
    );

    let timeline = client.send(get(&format!("/orders/{order}/events")).by(&customer)).await.expect(StatusCode::OK);
    let entries = timeline["items"].as_array().expect("a list");
    assert_eq!(entries.last().expect("an end")["to_status"], "rejected");
    let expected: Vec<_> = entries.iter().map(|entry| (entry["version"].to_string(), entry.clone())).collect();
    assert_eq!(of_customer, expected);
    assert_eq!(of_vendor.len(), expected.len());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_resumed_stream_delivers_the_later_events_and_204_after_the_last_one(pool: PgPool) {
    let (client, customer, order) = setup(pool).await;
    worker_fixture::reject(&client, &order).await;
    let whole = follow(&client, stream(&order).by(&customer)).await;

    for (index, (id, _)) in whole.iter().enumerate() {
        let resume = || stream(&order).by(&customer).header("last-event-id", id);
        if index + 1 < whole.len() {
            assert_eq!(follow(&client, resume()).await, whole[index + 1..]);
        } else {
            assert_eq!(client.send(resume()).await.expect(StatusCode::NO_CONTENT), json!(""));
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_request_for_a_stream_is_refused(pool: PgPool) {
    let (client, customer, order) = setup(pool).await;
    let other = client.create_user("other", Role::Customer).await;

    client.send(stream(&order)).await.expect_problem(401, "unauthenticated");
    client.send(stream(&order).by(&other)).await.expect_problem(404, "not-found");
    client.send(stream("not-a-uuid").by(&customer)).await.expect_problem(400, "invalid-parameter");
    let json_alone = stream(&order).by(&customer).header("accept", "application/json");
    client.send(json_alone).await.expect_problem(406, "not-acceptable");
    for id in ["", "-1", "two", "2", "4294967296"] {
        let response = client.send(stream(&order).by(&customer).header("last-event-id", id)).await;
        assert_eq!(response.pointers(), ["last-event-id"], "{id}");
        response.expect_problem(400, "invalid-parameter");
    }
    let elsewhere = get(&format!("/orders/{order}")).by(&customer).header("accept", "text/event-stream");
    client.send(elsewhere).await.expect_problem(406, "not-acceptable");
}

#[sqlx::test(migrations = "../../migrations")]
async fn open_streams_are_limited_and_a_stream_that_ends_frees_its_permit(pool: PgPool) {
    let (client, customer, order) = setup(pool).await;
    let held = client.state.streams.clone().try_acquire_many_owned(u32::try_from(STREAMS_MAX).expect("few"));
    let held = held.expect("no stream is open");

    let refused = client.send(stream(&order).by(&customer)).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.expect_problem(503, "overloaded");

    drop(held);
    worker_fixture::reject(&client, &order).await;
    follow(&client, stream(&order).by(&customer)).await;
    assert_eq!(client.state.streams.available_permits(), STREAMS_MAX);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stream_ends_with_its_token(pool: PgPool) {
    let (client, customer, order) = setup(pool).await;
    // Expired, but still within the leeway of five seconds.
    let token = token_until(&customer, platform::clock::now().timestamp() - 3);

    let events = follow(&client, stream(&order).token(&token)).await;

    assert_eq!(events.len(), 1, "only the acceptance has happened: {events:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stream_ends_when_its_user_loses_the_role(pool: PgPool) {
    let (client, _, order) = setup(pool).await;
    let former = client.create_user("former", Role::Admin).await;
    let admin = client.create_user("admin", Role::Admin).await;

    let events = follow_and(&client, stream(&order).by(&former), async {
        let role = ApiRequest::new(Method::PUT, &format!("/admin/users/{}/role", former.id)).by(&admin);
        client.send(role.json(&json!({ "role": "customer" }))).await.expect(StatusCode::OK);
        worker_fixture::reject(&client, &order).await;
    })
    .await;

    assert_eq!(events.len(), 1, "an event after the loss of the role was delivered: {events:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stream_without_new_events_ends_when_its_user_is_disabled(pool: PgPool) {
    let (client, customer, order) = setup(pool).await;

    let events = follow_and(&client, stream(&order).by(&customer), async {
        sqlx::query!("UPDATE accounts.users SET disabled_at = now()").execute(&client.pool).await.expect("disabled");
    })
    .await;

    assert_eq!(events.len(), 1, "{events:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stream_ends_when_its_user_logs_out(pool: PgPool) {
    let (client, _, order) = setup(pool).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let session = client.log_in(&admin.email, crate::client::PASSWORD).await.expect(StatusCode::OK);
    let token = session["access_token"].as_str().expect("a token");

    let events = follow_and(&client, stream(&order).token(token), async {
        let out = post("/auth/logout").json(&json!({ "refresh_token": session["refresh_token"] }));
        client.send(out).await.expect(StatusCode::NO_CONTENT);
    })
    .await;

    assert_eq!(events.len(), 1, "{events:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn open_streams_end_when_the_process_stops(pool: PgPool) {
    let (client, customer, order) = setup(pool).await;

    let events = follow_and(&client, stream(&order).by(&customer), async {
        client.lifecycle.stopping.cancel();
    })
    .await;

    assert_eq!(events.len(), 1, "{events:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_ticket_opens_the_stream_of_its_order_once(pool: PgPool) {
    let (client, customer, order) = setup(pool).await;
    let other = client.place(&customer).await;
    let issue = post(&format!("/orders/{order}/stream-ticket"));
    let issued = client.send(issue.by(&customer)).await.expect(StatusCode::CREATED);
    let (url, ticket) = (issued["url"].as_str().expect("a URL"), issued["ticket"].as_str().expect("a ticket"));
    worker_fixture::reject(&client, &order).await;

    client.send(get(&format!("/orders/{other}/stream?ticket={ticket}"))).await.expect_problem(401, "invalid-token");
    assert!(!follow(&client, get(url)).await.is_empty());

    client.send(get(url)).await.expect_problem(401, "invalid-token");
    client.send(get(&format!("/orders/{order}/stream?ticket=guessed"))).await.expect_problem(401, "invalid-token");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stream_opened_by_a_ticket_ends_with_the_access_of_the_user_or_key_that_it_was_issued_to(pool: PgPool) {
    let (client, customer, order) = setup(pool).await;
    let key = json!({ "name": "shop", "scopes": ["orders:read"] });
    let key = client.send(post("/api-keys").by(&customer).json(&key)).await.expect(StatusCode::CREATED);
    let (id, secret) = (key["id"].as_str().expect("an id"), key["secret"].as_str().expect("a secret"));
    let issue = async || {
        let issue = post(&format!("/orders/{order}/stream-ticket")).token(secret);
        let issued = client.send(issue).await.expect(StatusCode::CREATED);
        issued["url"].as_str().expect("a URL").to_owned()
    };
    let (opened, unused) = (issue().await, issue().await);

    let events = follow_and(&client, get(&opened), async {
        let revoke = ApiRequest::new(Method::DELETE, &format!("/api-keys/{id}")).by(&customer);
        client.send(revoke).await.expect(StatusCode::NO_CONTENT);
    })
    .await;

    assert_eq!(events.len(), 1, "only the acceptance has happened: {events:?}");
    client.send(get(&unused)).await.expect_problem(401, "token-revoked");
}

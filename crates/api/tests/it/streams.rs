//! Following an order.

use crate::client::{Ask, Door, Person, STREAMS_MAX, get};
use crate::tokens::token_until;
use crate::worker_fixture;
use accounts::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

/// Somebody with an order that nobody has looked at yet.
async fn shop(pool: PgPool) -> (Door, Person, String) {
    let door = Door::open(pool);
    let vendor = door.person("vendor", Role::Vendor).await;
    door.stock(vendor.id).await;
    let customer = door.customer().await;
    let order = door.place(&customer).await;
    (door, customer, order)
}

fn stream(order: &str) -> Ask {
    get(&format!("/orders/{order}/stream"))
}

/// Follows to the end; what was told, each with its id.
async fn follow(door: &Door, ask: Ask) -> Vec<(String, Value)> {
    let answer = timeout(LIMIT, door.send(ask)).await.expect("it ends");
    assert_eq!(answer.headers["content-type"], "text/event-stream");
    let told = answer.expect(StatusCode::OK);
    let events = told.as_str().expect("events").split("\n\n").filter(|event| event.starts_with("id: "));
    events.map(|event| event_of(event).expect("an id and data")).collect()
}

fn event_of(event: &str) -> Option<(String, Value)> {
    let (id, data) = event.strip_prefix("id: ")?.split_once("\ndata: ")?;
    Some((id.to_owned(), serde_json::from_str(data).ok()?))
}

#[sqlx::test(migrations = "../../migrations")]
async fn who_follows_an_order_hears_all_of_it_once_and_the_end_last(pool: PgPool) {
    let (door, customer, order) = shop(pool).await;
    let vendor = door.log_in("vendor@orders.local", crate::client::PASSWORD).await.expect(StatusCode::OK);
    let vendor = vendor["access_token"].as_str().expect("a token");

    let (of_customer, of_vendor, ()) = tokio::join!(
        follow(&door, stream(&order).of(&customer)),
        follow(&door, stream(&order).token(vendor).header("accept", "text/event-stream")),
        worker_fixture::reject(&door, &order),
    );

    let timeline = door.send(get(&format!("/orders/{order}/events")).of(&customer)).await.expect(StatusCode::OK);
    let entries = timeline["items"].as_array().expect("a list");
    assert_eq!(entries.last().expect("an end")["to_status"], "rejected");
    let expected: Vec<_> = entries.iter().map(|entry| (entry["version"].to_string(), entry.clone())).collect();
    assert_eq!(of_customer, expected);
    assert_eq!(of_vendor.len(), expected.len());
}

#[sqlx::test(migrations = "../../migrations")]
async fn who_comes_back_hears_what_follows_and_at_the_end_that_nothing_will(pool: PgPool) {
    let (door, customer, order) = shop(pool).await;
    worker_fixture::reject(&door, &order).await;
    let whole = follow(&door, stream(&order).of(&customer)).await;

    for (place, (id, _)) in whole.iter().enumerate() {
        let back = || stream(&order).of(&customer).header("last-event-id", id);
        if place + 1 < whole.len() {
            assert_eq!(follow(&door, back()).await, whole[place + 1..]);
        } else {
            assert_eq!(door.send(back()).await.expect(StatusCode::NO_CONTENT), json!(""));
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_can_not_be_followed_is_refused_as_elsewhere(pool: PgPool) {
    let (door, customer, order) = shop(pool).await;
    let other = door.person("other", Role::Customer).await;

    door.send(stream(&order)).await.expect_problem(401, "unauthenticated");
    door.send(stream(&order).of(&other)).await.expect_problem(404, "not-found");
    door.send(stream("not-a-uuid").of(&customer)).await.expect_problem(400, "invalid-parameter");
    let json_alone = stream(&order).of(&customer).header("accept", "application/json");
    door.send(json_alone).await.expect_problem(406, "not-acceptable");
    for id in ["", "-1", "two", "2", "4294967296"] {
        let answer = door.send(stream(&order).of(&customer).header("last-event-id", id)).await;
        assert_eq!(answer.pointers(), ["last-event-id"], "{id}");
        answer.expect_problem(400, "invalid-parameter");
    }
    let elsewhere = get(&format!("/orders/{order}")).of(&customer).header("accept", "text/event-stream");
    door.send(elsewhere).await.expect_problem(406, "not-acceptable");
}

#[sqlx::test(migrations = "../../migrations")]
async fn so_many_are_followed_at_a_time_and_a_place_is_free_again_when_one_ends(pool: PgPool) {
    let (door, customer, order) = shop(pool).await;
    let held = door.state.streams.clone().try_acquire_many_owned(u32::try_from(STREAMS_MAX).expect("few"));
    let held = held.expect("all places are free");

    let refused = door.send(stream(&order).of(&customer)).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.expect_problem(503, "overloaded");

    drop(held);
    worker_fixture::reject(&door, &order).await;
    follow(&door, stream(&order).of(&customer)).await;
    assert_eq!(door.state.streams.available_permits(), STREAMS_MAX);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stream_ends_with_its_token(pool: PgPool) {
    let (door, customer, order) = shop(pool).await;
    // In its leeway of five seconds.
    let token = token_until(&customer, platform::clock::now().timestamp() - 3);

    let told = follow(&door, stream(&order).token(&token)).await;

    assert_eq!(told.len(), 1, "the order is only accepted yet: {told:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stream_ends_when_the_right_to_it_is_gone(pool: PgPool) {
    let (door, _, order) = shop(pool).await;
    let former = door.person("former", Role::Admin).await;
    let admin = door.person("admin", Role::Admin).await;

    let (told, ()) = tokio::join!(follow(&door, stream(&order).of(&former)), async {
        while door.state.streams.available_permits() == STREAMS_MAX {
            tokio::task::yield_now().await;
        }
        let role = Ask::new(Method::PUT, &format!("/admin/users/{}/role", former.id)).of(&admin);
        door.send(role.json(&json!({ "role": "customer" }))).await.expect(StatusCode::OK);
        worker_fixture::reject(&door, &order).await;
    });

    assert!(told.len() <= 1, "what happened after they lost the role is not told: {told:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_silent_stream_ends_when_the_right_to_it_is_gone(pool: PgPool) {
    let (door, customer, order) = shop(pool).await;

    let (told, ()) = tokio::join!(follow(&door, stream(&order).of(&customer)), async {
        while door.state.streams.available_permits() == STREAMS_MAX {
            tokio::task::yield_now().await;
        }
        sqlx::query!("UPDATE accounts.users SET disabled_at = now()").execute(&door.pool).await.expect("disabled");
    });

    assert_eq!(told.len(), 1, "{told:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stream_does_not_hold_up_a_process_that_stops(pool: PgPool) {
    let (door, customer, order) = shop(pool).await;

    let (told, ()) = tokio::join!(follow(&door, stream(&order).of(&customer)), async {
        while door.state.streams.available_permits() == STREAMS_MAX {
            tokio::task::yield_now().await;
        }
        door.lifecycle.stopping.cancel();
    });

    assert!(told.len() <= 1, "{told:?}");
}

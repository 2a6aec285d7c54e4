//! What is held for long is asked about, and what runs low is noted.

use crate::harness::{House, order, release, reserve, ship, sku};
use chrono::TimeDelta;
use domain::ids::OrderId;
use domain::messages::Reply;
use messaging::Relay;
use platform::clock::now;
use platform::witness::Unwitnessed;
use sqlx::PgPool;
use std::time::Duration;

const TTL: Duration = Duration::from_hours(1);

/// The orders that are asked `minutes` from now.
async fn asked(house: &House, minutes: i64, limit: u32) -> Vec<OrderId> {
    let at = now() + TimeDelta::minutes(minutes);
    inventory::question_holds(&house.pool, &Relay::default(), TTL, at, limit).await.expect("asked");
    let said: Vec<String> = sqlx::query_scalar("DELETE FROM messaging.outbox RETURNING payload")
        .fetch_all(&house.pool)
        .await
        .expect("read");
    let mut orders: Vec<_> = said.iter().map(|payload| asked_of(payload)).collect();
    orders.sort();
    orders
}

fn asked_of(payload: &str) -> OrderId {
    match serde_json::from_str(payload).expect("a reply") {
        Reply::StockHeldLong(question) => question.order_id,
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_holds_stock_for_long_is_asked_once_a_ttl(pool: PgPool) {
    let house = House::open(pool, &[("A", 10, 0)]).await;
    let holder = order();
    house.ask(&[reserve(holder, &[("A", 2)])]).await;

    let mut history = Vec::new();
    for minutes in [59, 61, 62, 120, 122] {
        history.push((minutes, asked(&house, minutes, 10).await.len()));
    }

    assert_eq!(history, [(59, 0), (61, 1), (62, 0), (120, 0), (122, 1)]);
    assert_eq!(house.counters("A").await, [(10, 2), (0, 0)], "asking gives nothing back");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_was_given_back_or_has_left_is_not_asked_about(pool: PgPool) {
    let house = House::open(pool, &[("A", 10, 0)]).await;
    let (given_back, left, held) = (order(), order(), order());
    house.ask(&[given_back, left, held].map(|order| reserve(order, &[("A", 1)]))).await;
    house.ask(&[release(given_back), ship(left, house.east)]).await;

    assert_eq!(asked(&house, 61, 10).await, [held]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_more_than_the_limit_is_asked_at_a_time_and_two_who_ask_at_once_ask_each_once(pool: PgPool) {
    let house = House::open(pool, &[("A", 100, 0)]).await;
    let orders: Vec<_> = (0..20).map(|_| order()).collect();
    house.ask(&orders.iter().map(|order| reserve(*order, &[("A", 1)])).collect::<Vec<_>>()).await;

    let at = now() + TimeDelta::minutes(61);
    let mut total = 0;
    for _ in 0..10 {
        let ask =
            || async { inventory::question_holds(&house.pool, &Relay::default(), TTL, at, 4).await.expect("asked") };
        let (one, two) = futures::join!(ask(), ask());
        assert!(one <= 4 && two <= 4);
        total += one + two;
    }

    assert_eq!(total, 20);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_fall_to_the_threshold_is_noted_once_until_it_has_recovered(pool: PgPool) {
    let house = House::open(pool, &[("A", 10, 0), ("B", 1, 0)]).await;
    inventory::set_low_stock_threshold(&house.pool, &sku("A"), house.east, Some(5), now(), &Unwitnessed)
        .await
        .expect("set");
    let check = || async { inventory::check_low_stock(&house.pool, now(), 10).await.expect("looked") };

    let mut history = vec![check().await];
    let holder = order();
    house.ask(&[reserve(holder, &[("A", 5)])]).await;
    history.extend([check().await, check().await]);
    house.ask(&[release(holder)]).await;
    history.extend([check().await, check().await]);

    assert_eq!(history, [0, 1, 0, 1, 0]);
}

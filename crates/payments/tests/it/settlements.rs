//! Each ended day is compared with the gateway's own report.

use crate::harness::{AMOUNT, Harness, LONG_TIMEOUT, authorize, capture, new_order, refund, void};
use chrono::TimeDelta;
use domain::page::PageSize;
use payments::gateway::StartedGateway;
use payments::gateway::simulated::SimulatedGateway;
use payments::gateway::{PaymentGateway, RegisteredGateway};
use payments::{Settlement, SettlementStatus, list_settlements, summarize_settlements};
use platform::clock::now;
use sqlx::PgPool;
use std::sync::Arc;

fn simulated(pool: &PgPool) -> Vec<StartedGateway> {
    let gateway: Arc<dyn PaymentGateway> =
        Arc::new(SimulatedGateway::start(&crate::harness::AT_ONCE, pool).expect("it has settings"));
    vec![StartedGateway { info: SimulatedGateway::INFO, gateway }]
}

/// Compares the days that have ended `days` from now.
async fn settle(pool: &PgPool, days: i64) -> usize {
    let at = now() + TimeDelta::days(days);
    summarize_settlements(pool, &simulated(pool), at).await.expect("compared")
}

async fn settlements(pool: &PgPool) -> Vec<Settlement> {
    list_settlements(pool, None, None, PageSize::MAX).await.expect("read").items
}

/// 1,000 and 600 captured, 600 of it returned by a void and 250 by a refund whose response was lost.
async fn move_money(pool: &PgPool) {
    let (harness, refunded, voided) = (Harness::new(pool, &LONG_TIMEOUT), new_order(), new_order());
    for command in [
        authorize(refunded, "sim_timeout"),
        capture(refunded, 1, AMOUNT),
        refund(refunded, "damage", 250),
        authorize(voided, "sim_ok"),
        capture(voided, 1, 600),
        void(voided),
        void(voided),
    ] {
        harness.handle_until_reply(&command).await;
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_day_whose_movements_the_gateway_reports_is_matched(pool: PgPool) {
    move_money(&pool).await;

    assert_eq!(settle(&pool, 0).await, 0, "the day has not ended");
    let stored = settle(&pool, 2).await;

    let settlements = settlements(&pool).await;
    assert!(stored > 0 && settlements.iter().all(|it| it.status == SettlementStatus::Matched), "{settlements:?}");
    // More than one day only if the test runs at midnight.
    let sum = |of: fn(&Settlement) -> i64| settlements.iter().map(of).sum::<i64>();
    assert_eq!(sum(|it| it.ledger.captured_minor), AMOUNT + 600);
    assert_eq!(sum(|it| it.reported.expect("a report").returned_minor), 600 + 250);
    assert_eq!(settle(&pool, 2).await, 0, "a matched day is not compared again");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_movement_that_is_missing_on_one_side_makes_its_day_differ_until_it_is_there(pool: PgPool) {
    move_money(&pool).await;
    let hide = "UPDATE payments.simulated_gateway_movements SET amount_minor = amount_minor + 1 WHERE kind = 'refund'";
    sqlx::query(hide).execute(&pool).await.expect("another amount");

    settle(&pool, 2).await;
    assert!(settlements(&pool).await.iter().any(|it| it.status == SettlementStatus::Differs));
    let repair =
        "UPDATE payments.simulated_gateway_movements SET amount_minor = amount_minor - 1 WHERE kind = 'refund'";
    sqlx::query(repair).execute(&pool).await.expect("the amount");
    settle(&pool, 2).await;

    assert!(settlements(&pool).await.iter().all(|it| it.status == SettlementStatus::Matched));
}

//! Each role has a broker user with the permissions that it needs, and no others.

use lapin::options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use messaging::topology::{COMMANDS, DEAD, EVENTS, RETRY, RetrySchedule, Scope, declare};
use std::time::Duration;
use system_tests::{NewOrder, SeedProduct, TestSystem};

const LIMIT: Duration = Duration::from_secs(30);
const NOWHERE: &str = "of.no.queue";

async fn channel(url: &str) -> Channel {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.expect("the user may connect");
    connection.create_channel().await.expect("a channel")
}

async fn may_consume(url: &str, queue: &str) -> bool {
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    channel(url).await.basic_consume(queue.into(), "test".into(), options, arguments).await.is_ok()
}

/// When a publication is refused, the broker closes the channel instead of confirming.
async fn may_publish(url: &str, exchange: &str) -> bool {
    let (channel, options) = (channel(url).await, BasicPublishOptions::default());
    channel.confirm_select(ConfirmSelectOptions::default()).await.expect("the broker confirms");
    let sent = channel.basic_publish(exchange.into(), NOWHERE.into(), options, b"{}", BasicProperties::default()).await;
    match sent {
        Ok(confirm) => confirm.await.is_ok(),
        Err(_refused) => false,
    }
}

async fn may_declare(url: &str, queue: &str) -> bool {
    let channel = channel(url).await;
    channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), FieldTable::default()).await.is_ok()
}

#[tokio::test]
async fn an_order_is_confirmed_by_processes_with_a_broker_user_per_role() {
    let product = SeedProduct::of("SKU-HEADPHONES", 5);
    let system = TestSystem::of("broker_users").product(product).broker_users().start().await;
    let customer = system.client().signed_up("customer").await;

    let order = customer.place_accepted(&NewOrder::of("SKU-HEADPHONES", 1)).await;
    customer.wait_until(order, "confirmed", LIMIT).await;

    for role in ["api", "scheduler"] {
        let url = system.broker.url_of(role);
        for scope in Scope::all() {
            let declared = declare(&channel(&url).await, scope, &RetrySchedule::scaled(1)).await;
            declared.expect("what exists may be declared again");
        }
        for (exchange, may) in [(COMMANDS, true), (EVENTS, true), ("", true), (RETRY, false), (DEAD, false)] {
            assert_eq!(may_publish(&url, exchange).await, may, "{role} publishes to {exchange}");
        }
        for queue in ["orders", "payments", "inventory.dead", "shipping.retry.10"] {
            assert!(!may_consume(&url, queue).await, "{role} consumes from {queue}");
        }
    }
    let worker = system.broker.url_of("worker");
    assert!(may_publish(&worker, RETRY).await && may_publish(&worker, DEAD).await);
    assert!(may_consume(&worker, "inventory.dead").await);
    for role in ["api", "worker", "scheduler"] {
        for name in ["of-another-application", "x-orders-y", "x-orders", "orders-y"] {
            assert!(!may_declare(&system.broker.url_of(role), name).await, "{role} declares {name}");
        }
    }
    system.finish().await;
}

//! A worker with all queues: handles the messages in the outbox, as the consumers do.

use crate::client::ApiClient;
use crate::worker_fixture;
use clap::Parser;
use domain::messages::Queue;
use domain::saga::TimeScale;
use inventory::Inventory;
use messaging::{
    Begun, Changes, Delivery, Handle, HandleError, HandleWithProvider, Handled, Header, UnitOfWork, Verdict,
    WriteContext,
};
use orders::SagaHandler;
use payments::{Payments, PaymentsArgs};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// The settings of the worker that these tests need, with their defaults.
#[derive(Debug, Parser)]
struct Settings {
    #[command(flatten)]
    payments: PaymentsArgs,
}

/// Attempts per message, for gateways that lose responses.
const ATTEMPTS_MAX: u32 = 5;

/// Handles messages until there are none.
pub async fn work(client: &ApiClient) {
    let settings = Settings::parse_from(["worker", "--sim-gateway-latency-ms", "0"]);
    let payments = Payments::start(&settings.payments, &client.pool).expect("the simulated gateway is registered");
    let shipping = worker_fixture::shipping();
    loop {
        let messages: Vec<(String, String)> =
            sqlx::query_as("DELETE FROM messaging.outbox RETURNING routing_key, payload")
                .fetch_all(&client.pool)
                .await
                .expect("read");
        if messages.is_empty() {
            return;
        }
        // What can't be decoded is dead-lettered.
        let readable = messages.into_iter().filter(|(_, payload)| serde_json::from_str::<Header>(payload).is_ok());
        for (routing_key, payload) in readable {
            // Events are for others.
            match routing_key.split('.').next().and_then(|queue| queue.parse().ok()) {
                Some(Queue::Orders) => handle(client, &SagaHandler { time_scale: TimeScale::REAL }, &payload).await,
                Some(Queue::Inventory) => handle(client, &Inventory::default(), &payload).await,
                Some(Queue::Payments) => handle_with_provider(client, &payments, &payload).await,
                Some(Queue::Shipping) => handle_with_provider(client, &shipping, &payload).await,
                None => {}
            }
        }
    }
}

async fn handle<H: Handle>(client: &ApiClient, slice: &H, payload: &str)
where
    <H::Changes as Changes>::Error: Debug,
{
    let (mut work, now) = (begin(client).await, platform::clock::now());
    let handled = slice.handle(&mut work, &[delivery(payload)], now).await.expect("handled");
    assert!(commit(work, handled).await, "{payload}");
}

async fn handle_with_provider<H: HandleWithProvider>(client: &ApiClient, slice: &H, payload: &str)
where
    <H::Changes as Changes>::Error: Debug,
{
    for _ in 0..ATTEMPTS_MAX {
        let (batch, now) = ([delivery(payload)], platform::clock::now());
        let mut work = begin(client).await;
        let Begun { mut calls, changes } = slice.begin(&mut work, &batch, now).await.expect("begun");
        work.commit(changes, now).await.expect("committed");
        let answer = slice.call(calls.pop().expect("one call per message")).await;
        let mut work = begin(client).await;
        let handled: Result<_, HandleError> = slice.settle(&mut work, &batch, vec![answer], now).await;
        if commit(work, handled.expect("settled")).await {
            return;
        }
    }
    panic!("{payload} is not done after {ATTEMPTS_MAX} attempts");
}

/// Whether the message is done; otherwise it is to be retried.
async fn commit<C: Changes<Error: Debug>>(mut work: UnitOfWork, handled: Handled<C>) -> bool {
    let is_done = match &handled.verdicts[..] {
        [Verdict::Done] => true,
        [Verdict::Retry(_)] => false,
        other => panic!("{other:?}"),
    };
    work.send(handled.outgoing);
    work.commit(handled.changes, platform::clock::now()).await.expect("committed");
    is_done
}

async fn begin(client: &ApiClient) -> UnitOfWork {
    UnitOfWork::begin(&WriteContext::of(client.pool.clone())).await.expect("begun")
}

fn delivery<C: DeserializeOwned>(payload: &str) -> Delivery<C> {
    let header: Header = serde_json::from_str(payload).expect("an envelope");
    Delivery { header, attempt: 0, command: serde_json::from_str(payload).expect("a message") }
}

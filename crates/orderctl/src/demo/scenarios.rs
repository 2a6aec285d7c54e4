//! The demo's five orders and the expected outcome of each.

use super::client::{Client, entries};
use super::watch::Watch;
use crate::seed::products::SOLD_OUT;
use anyhow::ensure;
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

const END_TIMEOUT: Duration = Duration::from_secs(30);
/// By default, the simulated carrier picks up a shipment 20 s after its booking.
const SHIPPED_TIMEOUT: Duration = Duration::from_secs(90);

/// The outcome of a scenario.
#[derive(Debug)]
pub struct Outcome {
    pub scenario: &'static str,
    pub order: Uuid,
    pub order_number: String,
    /// The statuses of the order, in sequence.
    pub statuses: String,
    /// The observation that shows that the outcome is right.
    pub evidence: String,
}

/// The clients that the scenarios use.
#[derive(Debug, Clone)]
pub struct Scenarios {
    pub customer: Client,
    pub admin: Client,
}

/// Each scenario orders a different product, so that none changes the stock that another one checks.
impl Scenarios {
    pub async fn shipped(&self) -> anyhow::Result<Outcome> {
        let mut watch = self.order("shipped", "SKU-HEADPHONES", "sim_ok").await?;
        watch.until(&["confirmed", "shipped"], END_TIMEOUT).await?;
        watch.until(&["shipped"], SHIPPED_TIMEOUT).await?;
        Ok(watch.outcome("the carrier has picked it up"))
    }

    pub async fn out_of_stock(&self) -> anyhow::Result<Outcome> {
        let mut watch = self.order("out of stock", SOLD_OUT, "sim_ok").await?;
        watch.until(&["rejected"], END_TIMEOUT).await?;
        let payments = self.payments(watch.order).await?;
        ensure!(payments.is_empty(), "out of stock: order {} has a payment: {payments:?}", watch.order);
        Ok(watch.outcome("no payment was requested"))
    }

    pub async fn declined(&self) -> anyhow::Result<Outcome> {
        let before = self.reserved("SKU-KEYBOARD").await?;
        let mut watch = self.order("declined", "SKU-KEYBOARD", "sim_declined").await?;
        watch.until(&["rejected"], END_TIMEOUT).await?;
        let after = self.reserved("SKU-KEYBOARD").await?;
        ensure!(after == before, "declined: {after} keyboards are reserved, {before} were before");
        Ok(watch.outcome(format!("its stock was released: {after} reserved, as before")))
    }

    pub async fn cancelled(&self) -> anyhow::Result<Outcome> {
        let mut watch = self.order("cancelled", "SKU-SPEAKER", "sim_ok").await?;
        watch.until(&["confirmed"], END_TIMEOUT).await?;
        self.customer.cancel(watch.order).await?;
        watch.until(&["cancelled"], END_TIMEOUT).await?;
        let payments = self.payments(watch.order).await?;
        let voided = payments.iter().all(|payment| payment["status"] == "voided" && payment["captured_minor"] == 0);
        ensure!(voided && payments.len() == 1, "cancelled: order {} is not voided: {payments:?}", watch.order);
        Ok(watch.outcome("its authorization is voided, nothing was captured"))
    }

    pub async fn response_lost(&self) -> anyhow::Result<Outcome> {
        let mut watch = self.order("response lost", "SKU-MOUSE", "sim_timeout").await?;
        watch.until(&["confirmed"], END_TIMEOUT).await?;
        let payments = self.payments(watch.order).await?;
        let operations = payments.iter().filter_map(|payment| payment["operations"].as_array()).flatten();
        let count = operations.filter(|operation| operation["kind"] == "authorize").count();
        ensure!(count == 1, "response lost: order {} has {count} authorizations: {payments:?}", watch.order);
        Ok(watch.outcome("a response of the gateway was lost, and it authorized only once"))
    }

    async fn order(&self, scenario: &'static str, sku: &str, payment_method: &str) -> anyhow::Result<Watch<'_>> {
        let order = self.customer.place(sku, payment_method).await?;
        Ok(Watch::new(&self.customer, scenario, order))
    }

    async fn payments(&self, order: Uuid) -> anyhow::Result<Vec<Value>> {
        Ok(entries(&self.customer.get(&format!("/orders/{order}/payments")).await?).to_vec())
    }

    /// Units reserved for orders, in all warehouses.
    async fn reserved(&self, sku: &str) -> anyhow::Result<u64> {
        let stock = self.admin.get(&format!("/inventory?sku={sku}")).await?;
        let of_sku = |row: &&Value| row["sku"] == sku;
        Ok(entries(&stock).iter().filter(of_sku).filter_map(|row| row["reserved"].as_u64()).sum())
    }
}

impl Watch<'_> {
    fn outcome(&self, evidence: impl Into<String>) -> Outcome {
        let statuses = self.statuses.join(" → ");
        let (scenario, order, order_number) = (self.scenario, self.order, self.order_number.clone());
        Outcome { scenario, order, order_number, statuses, evidence: evidence.into() }
    }
}

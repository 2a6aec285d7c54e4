//! The demo's five orders, and what must come of each.

use super::client::{Client, entries};
use super::watch::Watch;
use crate::seed::goods::SOLD_OUT;
use anyhow::ensure;
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

const END_LIMIT: Duration = Duration::from_secs(30);
/// The simulated carrier comes 20 s after it was booked, unless told otherwise.
const SHIP_LIMIT: Duration = Duration::from_secs(90);

/// What a story came to.
#[derive(Debug)]
pub struct Outcome {
    pub story: &'static str,
    pub order: Uuid,
    /// The statuses that it went through.
    pub way: String,
    pub proof: String,
}

/// Who takes part.
#[derive(Debug, Clone)]
pub struct Cast {
    pub customer: Client,
    pub admin: Client,
}

/// Each story orders something else, so that none disturbs what another one counts.
impl Cast {
    pub async fn shipped(&self) -> anyhow::Result<Outcome> {
        let mut watch = self.order("shipped", "SKU-HEADPHONES", "sim_ok").await?;
        watch.until(&["confirmed", "shipped"], END_LIMIT).await?;
        watch.until(&["shipped"], SHIP_LIMIT).await?;
        Ok(watch.ended("its carrier has it"))
    }

    pub async fn out_of_stock(&self) -> anyhow::Result<Outcome> {
        let mut watch = self.order("out of stock", SOLD_OUT, "sim_ok").await?;
        watch.until(&["rejected"], END_LIMIT).await?;
        let payments = self.payments(watch.order).await?;
        ensure!(payments.is_empty(), "out of stock: order {} has a payment: {payments:?}", watch.order);
        Ok(watch.ended("nobody was asked to pay"))
    }

    pub async fn declined(&self) -> anyhow::Result<Outcome> {
        let before = self.reserved("SKU-KEYBOARD").await?;
        let mut watch = self.order("declined", "SKU-KEYBOARD", "sim_declined").await?;
        watch.until(&["rejected"], END_LIMIT).await?;
        let after = self.reserved("SKU-KEYBOARD").await?;
        ensure!(after == before, "declined: {after} keyboards are reserved, {before} were before");
        Ok(watch.ended(format!("its stock is back: {after} reserved, as before")))
    }

    pub async fn cancelled(&self) -> anyhow::Result<Outcome> {
        let mut watch = self.order("cancelled", "SKU-SPEAKER", "sim_ok").await?;
        watch.until(&["confirmed"], END_LIMIT).await?;
        self.customer.cancel(watch.order).await?;
        watch.until(&["cancelled"], END_LIMIT).await?;
        let payments = self.payments(watch.order).await?;
        let voided = payments.iter().all(|payment| payment["status"] == "voided" && payment["captured_minor"] == 0);
        ensure!(voided && payments.len() == 1, "cancelled: order {} is not voided: {payments:?}", watch.order);
        Ok(watch.ended("its authorization is voided, nothing was taken"))
    }

    pub async fn answer_lost(&self) -> anyhow::Result<Outcome> {
        let mut watch = self.order("answer lost", "SKU-MOUSE", "sim_timeout").await?;
        watch.until(&["confirmed"], END_LIMIT).await?;
        let payments = self.payments(watch.order).await?;
        let operations = payments.iter().filter_map(|payment| payment["operations"].as_array()).flatten();
        let asked = operations.filter(|operation| operation["kind"] == "authorize").count();
        ensure!(asked == 1, "answer lost: order {} has {asked} authorizations: {payments:?}", watch.order);
        Ok(watch.ended("the gateway's answer was lost once, and yet it charged once"))
    }

    async fn order(&self, story: &'static str, sku: &str, payment_method: &str) -> anyhow::Result<Watch<'_>> {
        let order = self.customer.place(sku, payment_method).await?;
        Ok(Watch::new(&self.customer, story, order))
    }

    async fn payments(&self, order: Uuid) -> anyhow::Result<Vec<Value>> {
        Ok(entries(&self.customer.get(&format!("/orders/{order}/payments")).await?).to_vec())
    }

    /// How many pieces are held for orders, over all warehouses.
    async fn reserved(&self, sku: &str) -> anyhow::Result<u64> {
        let stock = self.admin.get(&format!("/inventory?sku={sku}")).await?;
        let of_sku = |row: &&Value| row["sku"] == sku;
        Ok(entries(&stock).iter().filter(of_sku).filter_map(|row| row["reserved"].as_u64()).sum())
    }
}

impl Watch<'_> {
    fn ended(&self, proof: impl Into<String>) -> Outcome {
        Outcome { story: self.story, order: self.order, way: self.way.join(" → "), proof: proof.into() }
    }
}

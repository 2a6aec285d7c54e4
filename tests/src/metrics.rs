//! Scrapes `/metrics` of a process under test.

use crate::eventually;
use crate::process::Role;
use crate::system::TestSystem;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

pub type Labels<'a> = &'a [(&'a str, &'a str)];

/// All series of one process at one moment. The key is the name with the labels, as it is exposed.
#[derive(Debug, Clone, Default)]
pub struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    /// The sum of all series of `name` that have all of these labels. `None` when there is no such series.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Vec<_> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let named = self.0.iter().filter(|(series, _)| series.split('{').next() == Some(name));
        let labelled = named.filter(|(series, _)| labels.iter().all(|label| series.contains(label.as_str())));
        labelled.map(|(_, value)| *value).reduce(|sum, value| sum + value)
    }

    /// The growth of that sum since `earlier`.
    pub fn growth(&self, earlier: &Self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.sum(name, labels).unwrap_or_default() - earlier.sum(name, labels).unwrap_or_default()
    }

    pub fn series(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.filter_map(|line| line.rsplit_once(' '));
        Self(series.filter_map(|(series, value)| Some((series.to_owned(), value.parse().ok()?))).collect())
    }
}

impl TestSystem {
    /// Scrapes the first process of `role`.
    pub async fn scrape(&self, role: Role) -> Scrape {
        let response = reqwest::get(format!("{}/metrics", self.metrics_url(role))).await.expect("metrics are served");
        let response = response.error_for_status().expect("they can be read");
        Scrape::read(&response.text().await.expect("they are text"))
    }

    /// Waits until each of these sums has grown since `earlier` by exactly the given amount.
    pub async fn until_grown(
        &self,
        role: Role,
        earlier: &Scrape,
        growths: &[(&str, Labels<'_>, f64)],
        limit: Duration,
    ) {
        eventually(&format!("the metrics of {role:?} to grow"), limit, || async {
            let now = self.scrape(role).await;
            let growth = |(name, labels, by): &(&str, Labels<'_>, f64)| (now.growth(earlier, name, labels) - by).abs();
            let wrong: Vec<_> = growths.iter().filter(|expected| growth(expected) > f64::EPSILON).collect();
            if wrong.is_empty() { Ok(()) } else { Err(format!("not as expected: {wrong:?} of {now:#?}")) }
        })
        .await;
    }

    /// The base URL of the first process of `role`. The port of a worker or scheduler is the last one in its log.
    pub fn metrics_url(&self, role: Role) -> String {
        if role == Role::Api {
            return self.api_url().to_owned();
        }
        let process = self.processes.iter().find(|process| process.role == role).expect("every role has a process");
        let log = process.log();
        let mut lines = log.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let line = lines.find(|line| line["message"] == "Metrics are served").expect("the port is logged");
        format!("http://127.0.0.1:{}", line["port"])
    }
}

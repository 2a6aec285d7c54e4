//! What a process shows at `/metrics`.

use crate::eventually;
use crate::process::Role;
use crate::system::TestSystem;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

pub type Labels<'a> = &'a [(&'a str, &'a str)];

/// All series of one process at one moment, by name and labels as they are written.
#[derive(Debug, Clone, Default)]
pub struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    /// The sum of all series of `name` that have all of these labels; None when there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Vec<_> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let named = self.0.iter().filter(|(series, _)| series.split('{').next() == Some(name));
        let labelled = named.filter(|(series, _)| labels.iter().all(|label| series.contains(label.as_str())));
        labelled.map(|(_, value)| *value).reduce(|sum, value| sum + value)
    }

    /// How much it has grown since `earlier`.
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
    /// What the first process of `role` shows.
    pub async fn scrape(&self, role: Role) -> Scrape {
        let answer = reqwest::get(format!("{}/metrics", self.metrics_url(role))).await.expect("metrics are served");
        let answer = answer.error_for_status().expect("they can be read");
        Scrape::read(&answer.text().await.expect("they are text"))
    }

    /// Waits until all of these have grown since `earlier` by what is said, no more and no less.
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

    /// Where the first process of `role` serves its metrics: the port that it told in its log last.
    pub fn metrics_url(&self, role: Role) -> String {
        if role == Role::Api {
            return self.api_url().to_owned();
        }
        let process = self.processes.iter().find(|process| process.role == role).expect("every role has a process");
        let log = process.log();
        let mut lines = log.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let told = lines.find(|line| line["message"] == "Metrics are served").expect("it tells its port in its log");
        format!("http://127.0.0.1:{}", told["port"])
    }
}

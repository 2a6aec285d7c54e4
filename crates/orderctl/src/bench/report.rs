//! The figures of a run, in a JSON file that each part adds to. The key `accept.per_s` is stored as
//! `{"accept": {"per_s": …}}`.

use anyhow::Context;
use serde_json::{Map, Value};
use std::path::Path;

#[derive(Debug, Default)]
pub struct Report(Map<String, Value>);

impl Report {
    /// The report of earlier parts; empty if the file does not exist.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(path)?;
        Ok(Self(serde_json::from_str(&text).with_context(|| format!("{} is not a benchmark report", path.display()))?))
    }

    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&self.0)? + "\n";
        std::fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))
    }

    /// Sets a figure, rounded to three decimals.
    pub fn set(&mut self, key: &str, value: f64) {
        let value = Value::from((value * 1_000.0).round() / 1_000.0);
        match key.split_once('.') {
            None => {
                self.0.insert(key.to_owned(), value);
            }
            Some((group, name)) => {
                let group = self.0.entry(group).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(group) = group {
                    group.insert(name.to_owned(), value);
                }
            }
        }
    }

    pub fn get(&self, key: &str) -> Option<f64> {
        match key.split_once('.') {
            None => self.0.get(key)?.as_f64(),
            Some((group, name)) => self.0.get(group)?.get(name)?.as_f64(),
        }
    }

    /// The figures of a group, by name.
    pub fn group(&self, group: &str) -> Vec<(&str, f64)> {
        let figures = self.0.get(group).and_then(Value::as_object).into_iter().flatten();
        figures.filter_map(|(name, value)| Some((name.as_str(), value.as_f64()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_found_under_its_key() {
        let mut report = Report::default();
        report.set("cpu_s_per_1000", 1.23456);
        report.set("rss_mib.api", 20.0);
        report.set("rss_mib.worker", 30.0);
        assert_eq!(report.get("cpu_s_per_1000"), Some(1.235));
        assert_eq!(report.get("rss_mib.worker"), Some(30.0));
        assert_eq!(report.get("rss_mib.scheduler"), None);
        assert_eq!(report.group("rss_mib"), [("api", 20.0), ("worker", 30.0)]);
    }
}

//! The report for eyes: every figure with what it is, and those with a goal held against it.

use super::report::Report;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

#[derive(Debug, Clone, Copy)]
enum Goal {
    None,
    AtMost(f64),
    /// So many times another figure.
    AtLeast(f64, &'static str),
}
use Goal::{AtLeast, AtMost, None as Any};

const ROWS: &[(&str, &str, Goal)] = &[
    ("machine.cores", "for everything here, the load generator too", Any),
    ("machine.load_before", "what others made of them before: much of it spoils the rest", Any),
    ("limits.accept_per_s", "pgbench: an accept's writes, one order a statement", Any),
    ("limits.whole_life_per_s", "pgbench: a whole life's writes, four statements an order", Any),
    ("limits.accept_set_per_s", "pgbench: the same as the first, 64 orders a statement", Any),
    ("limits.whole_life_set_per_s", "pgbench: the same as the second, 64 orders a statement", Any),
    ("accept.per_s", "orders accepted, 64 connections, no worker", AtLeast(1.0, "limits.accept_per_s")),
    ("accept.p50_ms", "", Any),
    ("accept.p99_ms", "", Any),
    ("accept.p999_ms", "", Any),
    ("accept_half.per_s", "at half of that rate, no worker", Any),
    ("accept_half.p50_ms", "", Any),
    ("accept_half.p99_ms", "", AtMost(25.0)),
    ("backlog.orders", "orders that had waited for a worker", Any),
    ("backlog.per_s", "how fast they were carried", Any),
    ("accept_live.per_s", "orders accepted, 64 connections, the worker at work", Any),
    ("accept_live.p50_ms", "", Any),
    ("accept_live.p99_ms", "", Any),
    ("accept_live.p999_ms", "", Any),
    ("confirmed.per_s", "orders confirmed, sent as fast as taken", AtLeast(0.7, "limits.whole_life_per_s")),
    ("confirmed.orders", "how many", Any),
    ("confirmed.accepted_per_s", "accepted meanwhile", Any),
    ("cpu_s_per_1000", "CPU seconds of all but the load generator", AtMost(2.5)),
    ("cpu_s_per_1000_of", "", Any),
    ("light.p50_ms", "POST to confirmed, 20 orders/s", AtMost(25.0)),
    ("light.p99_ms", "", AtMost(100.0)),
    ("light.accept_p99_ms", "", Any),
    ("half.per_s", "orders sent a second: half of confirmed.per_s", Any),
    ("half.p50_ms", "POST to confirmed", Any),
    ("half.p99_ms", "", Any),
    ("half.accept_p99_ms", "", Any),
    ("hot.per_s", "orders confirmed, one SKU in each", AtLeast(0.8, "confirmed.per_s")),
    ("read_order.per_s", "GET /orders/{id}, 64 connections", Any),
    ("read_order.p99_ms", "", Any),
    ("read_first_page.per_s", "GET /orders", Any),
    ("read_first_page.p99_ms", "", Any),
    ("read_page_100.per_s", "GET /orders, the hundredth page", Any),
    ("read_page_100.p99_ms", "", Any),
    ("two_workers.per_s", "orders confirmed, two workers", Any),
    ("past.orders", "orders that are in the tables from here on", Any),
    ("past.gib", "GiB that the database takes then", Any),
    ("full_accept.per_s", "orders accepted, 64 connections, no worker", AtLeast(0.85, "accept.per_s")),
    ("full_accept.p50_ms", "", Any),
    ("full_accept.p99_ms", "", Any),
    ("full_accept.p999_ms", "", Any),
    ("full_confirmed.per_s", "orders confirmed, sent as fast as taken", AtLeast(0.85, "confirmed.per_s")),
    ("full_confirmed.accepted_per_s", "accepted meanwhile", Any),
    ("soak.per_s", "orders sent a second, for minutes", Any),
    ("rss_mib_soak_begin", "MiB resident after its first minute", Any),
    ("rss_mib_soak_end", "MiB resident at its end", Any),
    ("rss_mib_idle", "MiB resident before any order", Any),
    ("rss_mib.api", "MiB resident at the end", AtMost(64.0)),
    ("rss_mib.worker", "", AtMost(64.0)),
    ("rss_mib", "", Any),
];

pub fn print(report: &Report) {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["figure", "value", "what", "goal"]);
    for (key, what, goal) in ROWS {
        if let Some(value) = report.get(key) {
            table.add_row([(*key).to_owned(), number(value), (*what).to_owned(), goal.judge(value, report)]);
        }
        for (name, value) in report.group(key) {
            // Those with a row of their own are there already.
            let key = format!("{key}.{name}");
            if !ROWS.iter().any(|(row, ..)| *row == key) {
                table.add_row([key, number(value), (*what).to_owned(), String::new()]);
            }
        }
    }
    if let Some(values) = table.column_mut(1) {
        values.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}");
}

impl Goal {
    fn judge(self, value: f64, report: &Report) -> String {
        let (met, goal) = match self {
            Any => return String::new(),
            AtMost(most) => (value <= most, format!("<= {most}")),
            AtLeast(times, key) => {
                let Some(other) = report.get(key) else { return String::new() };
                let ratio = value / other;
                (ratio >= times, format!(">= {times} x {key}: {ratio:.2}"))
            }
        };
        format!("{goal} {}", if met { "met" } else { "NOT met" })
    }
}

/// Rates need no fractions, seconds do.
fn number(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

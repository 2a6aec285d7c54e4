//! Prints the report as a table: every figure with its description, and its goal if there is one.

use super::report::Report;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

#[derive(Debug, Clone, Copy)]
enum Goal {
    None,
    AtMost(f64),
    /// At least this multiple of another figure.
    AtLeast(f64, &'static str),
}
use Goal::{AtLeast, AtMost, None as Any};

const ROWS: &[(&str, &str, Goal)] = &[
    ("machine.cores", "CPU cores, shared with the load generator", Any),
    ("machine.load_before", "load average before the run: a high one distorts all figures", Any),
    ("limits.accept_per_s", "pgbench: the writes of accepting an order, one order per statement", Any),
    ("limits.whole_life_per_s", "pgbench: all writes of an order, four statements per order", Any),
    ("limits.accept_set_per_s", "pgbench: the writes of accepting an order, 64 orders per statement", Any),
    ("limits.whole_life_set_per_s", "pgbench: all writes of an order, 64 orders per statement", Any),
    ("accept.per_s", "orders accepted, 64 connections, no worker", AtLeast(1.0, "limits.accept_per_s")),
    ("accept.p50_ms", "", Any),
    ("accept.p99_ms", "", Any),
    ("accept.p999_ms", "", Any),
    ("accept_half.per_s", "at half of accept.per_s, no worker", Any),
    ("accept_half.p50_ms", "", Any),
    ("accept_half.p99_ms", "", AtMost(25.0)),
    ("backlog.orders", "orders that waited for a worker", Any),
    ("backlog.per_s", "orders confirmed from the backlog", Any),
    ("accept_live.per_s", "orders accepted, 64 connections, with a worker", Any),
    ("accept_live.p50_ms", "", Any),
    ("accept_live.p99_ms", "", Any),
    ("accept_live.p999_ms", "", Any),
    ("confirmed.per_s", "orders confirmed, sent as fast as accepted", AtLeast(0.7, "limits.whole_life_per_s")),
    ("confirmed.orders", "number of orders", Any),
    ("confirmed.accepted_per_s", "orders accepted in the same time", Any),
    ("cpu_s_per_1000", "CPU seconds, without the load generator", AtMost(2.5)),
    ("cpu_s_per_1000_of", "", Any),
    ("light.p50_ms", "POST to confirmed, 20 orders/s", AtMost(25.0)),
    ("light.p99_ms", "", AtMost(100.0)),
    ("light.accept_p99_ms", "", Any),
    ("half.per_s", "orders sent per second: half of confirmed.per_s", Any),
    ("half.p50_ms", "POST to confirmed", Any),
    ("half.p99_ms", "", Any),
    ("half.accept_p99_ms", "", Any),
    ("hot.per_s", "orders confirmed, the same SKU in each", AtLeast(0.8, "confirmed.per_s")),
    ("read_order.per_s", "GET /orders/{id}, 64 connections", Any),
    ("read_order.p99_ms", "", Any),
    ("read_first_page.per_s", "GET /orders", Any),
    ("read_first_page.p99_ms", "", Any),
    ("read_page_100.per_s", "GET /orders, the hundredth page", Any),
    ("read_page_100.p99_ms", "", Any),
    ("two_workers.per_s", "orders confirmed, two workers", Any),
    ("past.orders", "past orders in the tables for the following figures", Any),
    ("past.gib", "database size in GiB with them", Any),
    ("full_accept.per_s", "orders accepted, 64 connections, no worker", AtLeast(0.85, "accept.per_s")),
    ("full_accept.p50_ms", "", Any),
    ("full_accept.p99_ms", "", Any),
    ("full_accept.p999_ms", "", Any),
    ("full_confirmed.per_s", "orders confirmed, sent as fast as accepted", AtLeast(0.85, "confirmed.per_s")),
    ("full_confirmed.accepted_per_s", "orders accepted in the same time", Any),
    ("soak.per_s", "orders sent per second, for minutes", Any),
    ("rss_mib_soak_begin", "MiB resident after the first minute of the soak", Any),
    ("rss_mib_soak_end", "MiB resident at the end of the soak", Any),
    ("rss_mib_idle", "MiB resident before the first order", Any),
    ("rss_mib.api", "MiB resident at the end", AtMost(64.0)),
    ("rss_mib.worker", "", AtMost(64.0)),
    ("rss_mib", "", Any),
];

pub fn print(report: &Report) {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["figure", "value", "description", "goal"]);
    for (key, description, goal) in ROWS {
        if let Some(value) = report.get(key) {
            table.add_row([(*key).to_owned(), number(value), (*description).to_owned(), goal.judge(value, report)]);
        }
        for (name, value) in report.group(key) {
            // Figures with their own row are skipped.
            let key = format!("{key}.{name}");
            if !ROWS.iter().any(|(row, ..)| *row == key) {
                table.add_row([key, number(value), (*description).to_owned(), String::new()]);
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

/// Large values such as rates without decimals, small ones such as seconds with two.
fn number(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

//! `orderctl demo`: places five orders over HTTP, shows their progress, and checks the outcome of each.

mod client;
mod scenarios;
mod watch;

use crate::seed::accounts::{ADMIN, CUSTOMER};
use anyhow::bail;
use clap::Args;
use client::Client;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use scenarios::{Outcome, Scenarios};

/// All five run at the same time.
const CONCURRENCY: usize = 5;

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Port of the api on this machine.
    #[arg(long, env = "API_PORT", default_value_t = 8000)]
    api_port: u16,
    /// URL of the api if it is on another machine.
    #[arg(long)]
    api_url: Option<String>,
}

/// Runs all scenarios at the same time; the error names each expectation that was not met.
pub async fn demo(args: &DemoArgs) -> anyhow::Result<()> {
    let api = args.api_url.clone().unwrap_or_else(|| format!("http://127.0.0.1:{}", args.api_port));
    let scenarios =
        Scenarios { customer: Client::log_in(&api, &CUSTOMER).await?, admin: Client::log_in(&api, &ADMIN).await? };
    println!("demo: five orders, placed at once; the carrier picks up the first about 20 s after the booking");
    let results: Vec<_> = stream::iter(all(&scenarios)).buffered(CONCURRENCY).collect().await;
    let (ended, failed): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    print_table(&ended.into_iter().flatten().collect::<Vec<_>>());
    let failures: Vec<_> = failed.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    if failures.is_empty() { Ok(()) } else { bail!("not as expected:\n  {}", failures.join("\n  ")) }
}

fn all(scenarios: &Scenarios) -> Vec<BoxFuture<'_, anyhow::Result<Outcome>>> {
    vec![
        scenarios.shipped().boxed(),
        scenarios.out_of_stock().boxed(),
        scenarios.declined().boxed(),
        scenarios.cancelled().boxed(),
        scenarios.response_lost().boxed(),
    ]
}

fn print_table(outcomes: &[Outcome]) {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["order", "statuses", "evidence", "number", "id"]);
    for outcome in outcomes {
        let id = outcome.order.to_string();
        table.add_row([outcome.scenario, &outcome.statuses, &outcome.evidence, &outcome.order_number, &id]);
    }
    println!("{table}");
}

//! `orderctl demo`: five orders over HTTP, shown on their way, each held against what must come of it.

mod client;
mod stories;
mod watch;

use crate::seed::accounts::{ADMIN, CUSTOMER};
use anyhow::bail;
use clap::Args;
use client::Client;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use stories::{Cast, Outcome};

/// Five at a time is all of them.
const STORIES_AT_ONCE: usize = 5;

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where the api listens.
    #[arg(long, env = "API_PORT", default_value_t = 8000)]
    api_port: u16,
    /// The api's URL, when it is not on this machine.
    #[arg(long)]
    api_url: Option<String>,
}

/// All stories at once; an error names each expectation that was not met.
pub async fn demo(args: &DemoArgs) -> anyhow::Result<()> {
    let api = args.api_url.clone().unwrap_or_else(|| format!("http://127.0.0.1:{}", args.api_port));
    let cast = Cast { customer: Client::log_in(&api, &CUSTOMER).await?, admin: Client::log_in(&api, &ADMIN).await? };
    println!("demo: five orders, placed together; the carrier fetches the first about 20 s after it was booked");
    let told: Vec<_> = stream::iter(stories(&cast)).buffered(STORIES_AT_ONCE).collect().await;
    let (ended, failed): (Vec<_>, Vec<_>) = told.into_iter().partition(Result::is_ok);
    print_table(&ended.into_iter().flatten().collect::<Vec<_>>());
    let failures: Vec<_> = failed.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    if failures.is_empty() { Ok(()) } else { bail!("not as expected:\n  {}", failures.join("\n  ")) }
}

fn stories(cast: &Cast) -> Vec<BoxFuture<'_, anyhow::Result<Outcome>>> {
    vec![
        cast.shipped().boxed(),
        cast.out_of_stock().boxed(),
        cast.declined().boxed(),
        cast.cancelled().boxed(),
        cast.answer_lost().boxed(),
    ]
}

fn print_table(outcomes: &[Outcome]) {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["order", "went", "which shows by", "id"]);
    for outcome in outcomes {
        table.add_row([outcome.story, &outcome.way, &outcome.proof, &outcome.order.to_string()]);
    }
    println!("{table}");
}

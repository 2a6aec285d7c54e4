//! `orderctl bench`: the parts of `make bench`. scripts/bench.sh puts up the stack and calls them one after the other; each
//! adds its figures to the report.

mod connection;
mod flow;
mod latency;
mod load;
mod processes;
mod progress;
mod rate;
mod reads;
mod report;
mod requests;
mod seed;
mod table;

use anyhow::Context;
use clap::{Args, Subcommand};
use flow::FlowArgs;
use load::{Plan, Sent, Stop};
use platform::config::{DatabaseArgs, EnvironmentArgs};
use processes::Process;
use report::Report;
use requests::Caller;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Where the figures are kept.
    #[arg(long, global = true, default_value = "target/bench.json")]
    report: PathBuf,
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Put goods, stock and a customer into a fresh database.
    Seed {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        environment: EnvironmentArgs,
    },
    /// Send orders and measure what becomes of them.
    Orders(OrdersArgs),
    /// Wait until every order that was accepted has ended.
    Ended {
        /// What the part is called in the report.
        name: String,
        #[command(flatten)]
        flow: FlowArgs,
    },
    /// Read one order and the list, over and over.
    Reads(ReadsArgs),
    /// Note the memory that processes hold.
    Memory {
        /// The group of the report.
        group: String,
        /// What to look at, as `NAME=PID`.
        #[arg(long = "process", required = true)]
        processes: Vec<Process>,
    },
    /// Note a figure that was measured elsewhere.
    Note { key: String, value: f64 },
    /// Print the report as a table.
    Table,
}

#[derive(Debug, Args)]
struct OrdersArgs {
    /// What the part is called in the report.
    name: String,
    #[command(flatten)]
    flow: FlowArgs,
    /// Keep-alive connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How long to send, after a second that is not measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// How many to send, in place of how long.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    orders: Option<u64>,
    /// Orders a second; as many as are taken unless told.
    #[arg(long)]
    rate: Option<f64>,
    /// Half of that figure of the report as the rate.
    #[arg(long, conflicts_with = "rate", value_name = "KEY")]
    half_of: Option<String>,
    /// Follow about so many orders a second until their caller sees them confirmed. Needs a rate.
    #[arg(long)]
    follow: Option<f64>,
    /// The same SKU in every order.
    #[arg(long)]
    hot: bool,
    /// Measure until the last order has ended.
    #[arg(long)]
    until_ended: bool,
    /// Whose CPU time to count meanwhile, as `NAME=PID`.
    #[arg(long = "process")]
    processes: Vec<Process>,
}

#[derive(Debug, Args)]
struct ReadsArgs {
    #[command(flatten)]
    flow: FlowArgs,
    /// Keep-alive connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How long to read each.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
}

pub async fn bench(args: BenchArgs) -> anyhow::Result<()> {
    let mut report = Report::load(&args.report)?;
    match args.part {
        Part::Seed { database, environment } => return seed::seed(&crate::pool(&database)?, &environment).await,
        Part::Table => {
            table::print(&report);
            return Ok(());
        }
        Part::Orders(orders) => send(&orders, &mut report).await?,
        Part::Ended { name, flow } => end(&name, &flow, &mut report).await?,
        Part::Reads(ReadsArgs { flow, connections, seconds }) => {
            let caller = Caller::log_in(flow.api).await?;
            reads::read(&caller, connections, Duration::from_secs(seconds), &mut report).await?;
        }
        Part::Memory { group, processes } => {
            for (name, mib) in processes::resident_mib(&processes)? {
                report.note(&format!("{group}.{name}"), mib);
            }
        }
        Part::Note { key, value } => report.note(&key, value),
    }
    report.save(&args.report)
}

async fn send(args: &OrdersArgs, report: &mut Report) -> anyhow::Result<()> {
    let plan = args.plan(report)?;
    let name = &args.name;
    let caller = Caller::log_in(args.flow.api).await?;
    let cpu_before = processes::cpu_seconds(&args.processes)?;
    let sent = load::send(name, caller, plan).await?;
    let accepted_per_s = count(sent.orders) / sent.took.as_secs_f64();
    report.note(&format!("{name}.orders"), count(sent.orders));
    // The latency that a part is about goes by its name alone.
    let accept_prefix = if args.until_ended || args.follow.is_some() { "accept_" } else { "" };
    sent.accept.note(report, &format!("{name}.{accept_prefix}"));
    sent.confirm.note(report, &format!("{name}."));
    if args.until_ended {
        report.note(&format!("{name}.accepted_per_s"), accepted_per_s);
        note_end(name, &sent, args, report).await?;
    } else {
        report.note(&format!("{name}.per_s"), accepted_per_s);
    }
    let cpu_after = processes::cpu_seconds(&args.processes)?;
    let per_1000 = |name: &str| (cpu_after[name] - cpu_before[name]) * 1_000.0 / count(sent.orders);
    if !args.processes.is_empty() {
        report.note("cpu_s_per_1000", cpu_after.keys().map(|name| per_1000(name)).sum());
        for name in cpu_after.keys() {
            report.note(&format!("cpu_s_per_1000_of.{name}"), per_1000(name));
        }
    }
    Ok(())
}

async fn note_end(name: &str, sent: &Sent, args: &OrdersArgs, report: &mut Report) -> anyhow::Result<()> {
    let ended_at = args.flow.all_ended(name).await?;
    report.note(&format!("{name}.per_s"), count(sent.orders) / ended_at.duration_since(sent.begun).as_secs_f64());
    Ok(())
}

/// Notes how fast a heap of orders was carried.
async fn end(name: &str, flow: &FlowArgs, report: &mut Report) -> anyhow::Result<()> {
    let (begun, under_way) = (Instant::now(), flow.look().await?.under_way());
    let ended_at = flow.all_ended(name).await?;
    report.note(&format!("{name}.orders"), count(under_way));
    report.note(&format!("{name}.per_s"), count(under_way) / ended_at.duration_since(begun).as_secs_f64());
    Ok(())
}

impl OrdersArgs {
    fn plan(&self, report: &Report) -> anyhow::Result<Plan> {
        let half = self.half_of.as_ref().map(|key| report.get(key).with_context(|| format!("the report has no {key}")));
        let rate = half.transpose()?.map(|whole| whole / 2.0).or(self.rate);
        let stop = self.orders.map_or(Stop::After(Duration::from_secs(self.seconds)), Stop::Orders);
        let every =
            |wanted: f64| (1..1_000).find(|every| rate.unwrap_or(0.0) / count(*every) <= wanted).unwrap_or(1_000);
        Ok(Plan { connections: self.connections, stop, rate, follow_every: self.follow.map(every), hot: self.hot })
    }
}

/// A count as a fraction is reckoned with.
fn count(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

//! `orderctl bench`: the parts of `make bench`. scripts/bench.sh starts the stack and runs one part after the other;
//! each adds its figures to the report.

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
    /// File of the report.
    #[arg(long, global = true, default_value = "target/bench.json")]
    report: PathBuf,
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Create products, stock and a customer in an empty database.
    Seed {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        environment: EnvironmentArgs,
    },
    /// Send orders and measure their processing.
    Orders(OrdersArgs),
    /// Wait until every accepted order has ended, and measure the rate.
    Ended {
        /// Name of the part in the report.
        name: String,
        #[command(flatten)]
        flow: FlowArgs,
    },
    /// Measure reads of single orders and of the list.
    Reads(ReadsArgs),
    /// Record the resident memory of processes.
    Memory {
        /// Group of the report.
        group: String,
        /// The processes, as `NAME=PID`.
        #[arg(long = "process", required = true)]
        processes: Vec<Process>,
    },
    /// Record a figure that was measured elsewhere.
    Note { key: String, value: f64 },
    /// Print the report as a table.
    Table,
}

#[derive(Debug, Args)]
struct OrdersArgs {
    /// Name of the part in the report.
    name: String,
    #[command(flatten)]
    flow: FlowArgs,
    /// Keep-alive connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How long to send, after a warm-up of one second.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Number of orders to send, in place of --seconds.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    orders: Option<u64>,
    /// Orders per second; default as many as are accepted.
    #[arg(long)]
    rate: Option<f64>,
    /// Use half of this figure of the report as the rate.
    #[arg(long, conflicts_with = "rate", value_name = "KEY")]
    half_of: Option<String>,
    /// Follow about this many orders per second until they are confirmed. Requires a rate.
    #[arg(long)]
    follow: Option<f64>,
    /// The same SKU in every order.
    #[arg(long)]
    hot: bool,
    /// Measure until the last order has ended.
    #[arg(long)]
    until_ended: bool,
    /// Processes to measure the CPU time of, as `NAME=PID`.
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
    /// Duration of each measurement.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
}

pub async fn bench(args: BenchArgs) -> anyhow::Result<()> {
    let mut report = Report::load(&args.report)?;
    match args.part {
        Part::Seed { database, environment } => return seed::seed(&crate::pool(&database).await?, &environment).await,
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
                report.set(&format!("{group}.{name}"), mib);
            }
        }
        Part::Note { key, value } => report.set(&key, value),
    }
    report.save(&args.report)
}

async fn send(args: &OrdersArgs, report: &mut Report) -> anyhow::Result<()> {
    let plan = args.plan(report)?;
    let name = &args.name;
    let caller = Caller::log_in(args.flow.api).await?;
    let cpu_before = processes::cpu_seconds(&args.processes)?;
    let sent = load::send(name, caller, plan).await?;
    let accepted_per_s = count(sent.orders) / sent.elapsed.as_secs_f64();
    report.set(&format!("{name}.orders"), count(sent.orders));
    // Only the main latency of a part has no prefix: of confirmation if that is measured, else of acceptance.
    let accept_prefix = if args.until_ended || args.follow.is_some() { "accept_" } else { "" };
    sent.accept.add_to(report, &format!("{name}.{accept_prefix}"));
    sent.confirm.add_to(report, &format!("{name}."));
    if args.until_ended {
        report.set(&format!("{name}.accepted_per_s"), accepted_per_s);
        report_ended(name, &sent, args, report).await?;
    } else {
        report.set(&format!("{name}.per_s"), accepted_per_s);
    }
    let cpu_after = processes::cpu_seconds(&args.processes)?;
    let per_1000 = |name: &str| (cpu_after[name] - cpu_before[name]) * 1_000.0 / count(sent.orders);
    if !args.processes.is_empty() {
        report.set("cpu_s_per_1000", cpu_after.keys().map(|name| per_1000(name)).sum());
        for name in cpu_after.keys() {
            report.set(&format!("cpu_s_per_1000_of.{name}"), per_1000(name));
        }
    }
    Ok(())
}

/// Waits until all orders have ended and reports their rate.
async fn report_ended(name: &str, sent: &Sent, args: &OrdersArgs, report: &mut Report) -> anyhow::Result<()> {
    let ended_at = args.flow.wait_until_ended(name).await?;
    report.set(&format!("{name}.per_s"), count(sent.orders) / ended_at.duration_since(sent.started_at).as_secs_f64());
    Ok(())
}

/// Measures the rate at which a backlog of orders is processed.
async fn end(name: &str, flow: &FlowArgs, report: &mut Report) -> anyhow::Result<()> {
    let (started_at, backlog) = (Instant::now(), flow.counts().await?.in_progress());
    let ended_at = flow.wait_until_ended(name).await?;
    report.set(&format!("{name}.orders"), count(backlog));
    report.set(&format!("{name}.per_s"), count(backlog) / ended_at.duration_since(started_at).as_secs_f64());
    Ok(())
}

impl OrdersArgs {
    fn plan(&self, report: &Report) -> anyhow::Result<Plan> {
        let half = self.half_of.as_ref().map(|key| report.get(key).with_context(|| format!("the report has no {key}")));
        let rate = half.transpose()?.map(|figure| figure / 2.0).or(self.rate);
        let stop = self.orders.map_or(Stop::After(Duration::from_secs(self.seconds)), Stop::Orders);
        let every =
            |wanted: f64| (1..1_000).find(|every| rate.unwrap_or(0.0) / count(*every) <= wanted).unwrap_or(1_000);
        Ok(Plan { connections: self.connections, stop, rate, follow_every: self.follow.map(every), hot: self.hot })
    }
}

/// A count as `f64`.
fn count(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

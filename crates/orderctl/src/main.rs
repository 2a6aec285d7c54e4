//! Orderctl: the operators' tool. Migrates, seeds, verifies, shows a few orders on their way, and measures many.
//! Composes; holds no rules and no SQL.

mod bench;
mod demo;
mod migrate;
mod probe;
mod seed;
mod verify;

use anyhow::Context;
use clap::{Parser, Subcommand};
use platform::config::{DatabaseArgs, EnvironmentArgs};
use sqlx::PgPool;
use std::process::ExitCode;

/// Looks after an Orderflow installation.
#[derive(Debug, Parser)]
#[command(name = "orderctl", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the database to the newest schema.
    Migrate {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Put data in: accounts, warehouses, products, stock. Run twice it changes nothing.
    Seed {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        environment: EnvironmentArgs,
        /// The demo data, with passwords that everybody knows: refused in production.
        #[arg(long, required = true)]
        demo: bool,
    },
    /// Check every promise on the running system; exit code 1 and the first offender when one is broken.
    Verify {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        args: verify::VerifyArgs,
    },
    /// Place a few orders over HTTP and show them on their way.
    Demo(demo::DemoArgs),
    /// Measure: the parts of `make bench`, which puts up the stack that they need.
    Bench(Box<bench::BenchArgs>),
    /// Ask a URL over HTTP: exit code 0 when it answers 2xx. For the health checks of containers.
    Probe(probe::ProbeArgs),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Migrate { database } => migrate::migrate(&database).await,
        Command::Seed { database, environment, demo: _ } => seed::seed_demo(&pool(&database)?, &environment).await,
        Command::Verify { database, args } => verify::verify(&pool(&database)?, &args).await,
        Command::Demo(args) => demo::demo(&args).await,
        Command::Bench(args) => bench::bench(*args).await,
        Command::Probe(args) => probe::probe(&args).await,
    }
}

fn pool(database: &DatabaseArgs) -> anyhow::Result<PgPool> {
    let problems = database.problems();
    anyhow::ensure!(problems.is_empty(), "{}", problems.join("; "));
    platform::postgres::pool(database, "orderctl").context("the database's URL is not one")
}

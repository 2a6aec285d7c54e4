//! The `orderctl` command line tool for operators: migrate, seed, verify, demo, bench. It composes the other crates; no
//! business rules, no SQL.

mod bench;
mod broker;
mod demo;
mod migrate;
mod probe;
mod seed;
mod user;
mod verify;
mod welcome;

use anyhow::Context;
use clap::{Parser, Subcommand};
use platform::config::{DatabaseArgs, DirectDatabaseArgs, EnvironmentArgs};
use platform::postgres::session;
use sqlx::PgPool;
use std::process::ExitCode;

/// Operates an Orderflow installation.
#[derive(Debug, Parser)]
#[command(name = "orderctl", version, after_help = EXAMPLE)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLE: &str = "Examples:
  DATABASE_URL=postgres://user:password@localhost/orderflow orderctl migrate
  DATABASE_URL=postgres://user:password@localhost/orderflow orderctl verify
  orderctl user create --email admin@example.com --role admin
  orderctl probe http://localhost:8000/system/health/ready

`orderctl COMMAND --help` describes a command. Exit codes: 0 success, 1 failure or a violated check, 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate the database to the newest schema.
    Migrate {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        direct: DirectDatabaseArgs,
        #[command(flatten)]
        environment: EnvironmentArgs,
    },
    /// Load data: accounts, warehouses, products, stock. Safe to repeat.
    Seed {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        environment: EnvironmentArgs,
        /// Load the demo data. Its passwords are public, so in production nothing is loaded.
        #[arg(long, required = true)]
        demo: bool,
    },
    /// Create, list and change accounts.
    User(user::UserArgs),
    /// Check the data of the running system for consistency; exit code 1 and the first offending row when a check
    /// fails.
    Verify {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        args: verify::VerifyArgs,
    },
    /// Create a broker user per process with the permissions that it needs, and declare exchanges and queues. Safe to
    /// repeat.
    Broker(Box<broker::BrokerArgs>),
    /// Place a few orders over HTTP and show their progress.
    Demo(demo::DemoArgs),
    /// Run a benchmark. Called by `make bench`, which starts the stack that the benchmarks need.
    Bench(Box<bench::BenchArgs>),
    /// Print the URLs and the demo logins.
    Welcome(welcome::WelcomeArgs),
    /// Request a URL: exit code 0 when the response is 2xx. For health checks of containers.
    Probe(probe::ProbeArgs),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(platform::config::parse_command::<Arguments>().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Migrate { database, direct, environment } => {
            let known = environment.in_production(&[database.known_passwords(), direct.known_passwords()]);
            refuse(&[database.problems(), direct.problems(), known].concat())?;
            migrate::migrate(&database, &direct).await
        }
        Command::Seed { database, environment, demo: _ } => {
            seed::seed_demo(&pool(&database).await?, &environment).await
        }
        Command::Verify { database, args } => verify::verify(&pool(&database).await?, &args).await,
        Command::User(args) => user::run(pool(&args.database).await?, args).await,
        Command::Broker(args) => broker::set_up(&args).await,
        Command::Demo(args) => demo::demo(&args).await,
        Command::Bench(args) => bench::bench(*args).await,
        Command::Welcome(args) => {
            welcome::print(&args);
            Ok(())
        }
        Command::Probe(args) => probe::probe(&args).await,
    }
}

/// A pool whose sessions have been checked.
async fn pool(database: &DatabaseArgs) -> anyhow::Result<PgPool> {
    refuse(&database.problems())?;
    let pool = platform::postgres::pool(database, "orderctl").context("DATABASE_URL is not a valid URL")?;
    session::check(&pool.connect_options(), database.database_statement_cache).await?;
    Ok(pool)
}

fn refuse(problems: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(problems.is_empty(), "{}", problems.join("; "));
    Ok(())
}

//! `orderctl verify`: checks the invariants of a running system.

use anyhow::bail;
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use operations::verify::{Report, VerifyLimits, verify as verify_all};
use sqlx::PgPool;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Rows that changed more recently may still be in progress and are not checked.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    grace: u64,
    /// How long a message may wait in the outbox, and how long a saga may exceed its deadline.
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    late: u64,
    /// Maximum number of offending rows per check.
    #[arg(long, default_value_t = 10)]
    offenders: u16,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Prints every check with its result; the error names the first offending row.
pub async fn verify(pool: &PgPool, args: &VerifyArgs) -> anyhow::Result<()> {
    let report = verify_all(pool, platform::clock::now(), args.limits()).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print_table(&report);
    }
    match report.first_offender() {
        None => Ok(()),
        Some((check, offender)) => bail!("{check}: {offender}"),
    }
}

impl VerifyArgs {
    fn limits(&self) -> VerifyLimits {
        let late = Duration::from_secs(self.late);
        VerifyLimits {
            grace: Duration::from_secs(self.grace),
            unpublished_max: late,
            overdue_max: late,
            offenders_max: self.offenders.max(1),
            ..VerifyLimits::default()
        }
    }
}

fn print_table(report: &Report) {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["check", "invariant", "result", "duration"]);
    for outcome in &report.checks {
        let result = match outcome.offenders.len() {
            0 => "ok".to_owned(),
            count => format!("FAILED ({count} rows)"),
        };
        table.add_row([outcome.check, outcome.promise, &result, &format!("{} ms", outcome.took_ms)]);
    }
    println!("{table}");
    print!("{report}");
}

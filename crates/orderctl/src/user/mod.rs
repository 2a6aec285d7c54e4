//! `orderctl user`: what an operator does with accounts, the first admin included. Every change is in the audit log.

mod change;
mod create;
mod password;
mod show;

use accounts::{Accounts, Email, Role, User};
use clap::{Args, Subcommand};
use operations::Auditor;
use platform::config::DatabaseArgs;

#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Create an account, for example the first admin.
    Create(create::CreateArgs),
    /// List accounts, the newest first.
    List(show::ListArgs),
    /// Give a user another role, and end their sessions.
    Role {
        email: Email,
        #[arg(value_parser = parse_role)]
        role: Role,
    },
    /// Keep a user from logging in, and end their sessions.
    Disable { email: Email },
    /// Let a disabled user log in again.
    Enable { email: Email },
    /// Set a password that the user must change at the next login, and end their sessions.
    ResetPassword {
        email: Email,
        #[command(flatten)]
        password: password::PasswordSource,
    },
    /// List the open sessions of a user.
    Sessions { email: Email },
}

pub async fn run(pool: sqlx::PgPool, args: UserArgs) -> anyhow::Result<()> {
    let accounts = Accounts::of_operator(pool);
    match args.command {
        UserCommand::Create(args) => create::create(&accounts, args).await,
        UserCommand::List(args) => show::list(&accounts, args).await,
        UserCommand::Role { email, role } => change::role(&accounts, &email, role).await,
        UserCommand::Disable { email } => change::disabled(&accounts, &email, true).await,
        UserCommand::Enable { email } => change::disabled(&accounts, &email, false).await,
        UserCommand::ResetPassword { email, password } => create::reset_password(&accounts, &email, password).await,
        UserCommand::Sessions { email } => show::sessions(&accounts, &email).await,
    }
}

/// Records the changes as those of the person at the command line.
fn auditor() -> Auditor {
    let name = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "unknown".to_owned());
    let at = platform::clock::now();
    Auditor { actor: format!("operator:{name}"), request_id: "orderctl".to_owned(), at }
}

fn parse_role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_unknown| format!("must be one of {}", <Role as strum::VariantNames>::VARIANTS.join(", ")))
}

async fn find(accounts: &Accounts, email: &Email) -> anyhow::Result<User> {
    accounts.find_user(email).await.map_err(|error| anyhow::anyhow!("{}: {error}", email.as_str()))
}

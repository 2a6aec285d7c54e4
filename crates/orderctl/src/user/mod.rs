//! `orderctl user`: what an operator does with accounts, the first admin included. Every change is in the audit log.

mod change;
mod create;
mod password;
mod show;

use accounts::{Accounts, Email, Role, User};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use operations::Auditor;
use platform::config::DatabaseArgs;

#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Who changes the account, for the audit log.
    #[arg(long, env = "USER", default_value = "unknown", global = true)]
    operator: String,
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
    // The time of the audit record is the database's, which the first connection reads.
    drop(platform::postgres::reader(&pool).await.context("DATABASE_URL")?);
    let actor = format!("operator:{}", args.operator);
    let auditor = Auditor { actor, request_id: "orderctl".to_owned(), at: platform::clock::now() };
    let context = Context { accounts: Accounts::of_operator(pool), auditor };
    match args.command {
        UserCommand::Create(args) => create::create(&context, args).await,
        UserCommand::List(args) => show::list(&context, args).await,
        UserCommand::Role { email, role } => change::role(&context, &email, role).await,
        UserCommand::Disable { email } => change::disabled(&context, &email, true).await,
        UserCommand::Enable { email } => change::disabled(&context, &email, false).await,
        UserCommand::ResetPassword { email, password } => create::reset_password(&context, &email, password).await,
        UserCommand::Sessions { email } => show::sessions(&context, &email).await,
    }
}

/// Accounts, and the person who changes them.
struct Context {
    accounts: Accounts,
    auditor: Auditor,
}

fn parse_role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_unknown| format!("must be one of {}", <Role as strum::VariantNames>::VARIANTS.join(", ")))
}

impl Context {
    async fn find(&self, email: &Email) -> anyhow::Result<User> {
        self.accounts.find_user_by_email(email).await.map_err(|error| anyhow::anyhow!("{}: {error}", email.as_str()))
    }
}

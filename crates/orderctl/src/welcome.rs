//! `orderctl welcome`: prints URLs and demo logins at the end of `docker compose up`.

use crate::seed::accounts::{ADMIN, CUSTOMER, VENDOR};
use clap::Args;
use platform::config::{Environment, EnvironmentArgs};

#[derive(Debug, Args)]
pub struct WelcomeArgs {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Public URL of the api.
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    api_url: String,
    /// Public URL of RabbitMQ's management pages.
    #[arg(long, default_value = "http://127.0.0.1:21673")]
    management_url: String,
}

pub fn print(args: &WelcomeArgs) {
    println!("Orderflow is ready.");
    println!("  API and Swagger UI   {}/docs", args.api_url);
    println!("  Health               {}/system/health", args.api_url);
    println!("  RabbitMQ management  {}", args.management_url);
    if args.environment.orderflow_env == Environment::Production {
        return;
    }
    for account in [CUSTOMER, VENDOR, ADMIN] {
        println!("  {:<20} {} / {}", account.role.to_string(), account.email, account.password);
    }
}

//! Where the services are that every test shares.

use std::path::PathBuf;

/// Signs the tokens of the processes under test.
pub const SECRET_KEY: &str = "a key of the system tests, long enough to be one";

/// The database server: each test makes a database of its own beside the one that this names.
pub fn database_url() -> String {
    variable("TEST_DATABASE_URL").or_else(|| variable("DATABASE_URL")).unwrap_or_else(|| missing("TEST_DATABASE_URL"))
}

pub fn rabbitmq_url() -> String {
    variable("RABBITMQ_URL").unwrap_or_else(|| missing("RABBITMQ_URL"))
}

/// The broker's management API with its login in the URL: vhosts are made through it, and dead queues counted.
pub fn rabbitmq_management_url() -> String {
    variable("RABBITMQ_MANAGEMENT_URL").unwrap_or_else(|| missing("RABBITMQ_MANAGEMENT_URL"))
}

pub fn redis_url() -> String {
    variable("REDIS_URL").unwrap_or_else(|| missing("REDIS_URL"))
}

/// Restarts the broker when run through `sh -c`. Whoever brings a service of their own must say how; a fault that can't
/// be made is a promise that is not kept.
pub fn broker_restart_command() -> String {
    variable("TEST_RABBITMQ_RESTART_COMMAND").unwrap_or_else(|| missing("TEST_RABBITMQ_RESTART_COMMAND"))
}

/// Starts the broker anew with all of its data gone.
pub fn broker_wipe_command() -> String {
    variable("TEST_RABBITMQ_WIPE_COMMAND").unwrap_or_else(|| missing("TEST_RABBITMQ_WIPE_COMMAND"))
}

/// Evaluates the Erlang expression that is put behind it, inside the broker.
pub fn broker_eval_command() -> String {
    variable("TEST_RABBITMQ_EVAL_COMMAND").unwrap_or_else(|| missing("TEST_RABBITMQ_EVAL_COMMAND"))
}

/// Restarts Postgres.
pub fn database_restart_command() -> String {
    variable("TEST_POSTGRES_RESTART_COMMAND").unwrap_or_else(|| missing("TEST_POSTGRES_RESTART_COMMAND"))
}

/// The same for Redis.
pub fn redis_restart_command() -> String {
    variable("TEST_REDIS_RESTART_COMMAND").unwrap_or_else(|| missing("TEST_REDIS_RESTART_COMMAND"))
}

/// `target/debug`, wherever this test was built: the binaries stand beside it.
pub fn binaries() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    test.ancestors().nth(2).expect("target/PROFILE/deps/TEST").to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test is told where its services are by the environment alone")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn missing(name: &str) -> ! {
    panic!("{name} is not set: run the tests with `make test`, or put `scripts/with_env.sh` before cargo");
}

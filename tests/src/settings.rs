//! The addresses and restart commands of the services that all tests share.

use std::path::PathBuf;

/// Signs the tokens of the processes under test.
pub const SECRET_KEY: &str = "a key of the system tests, long enough to be one";

/// Signs the messages of the processes under test. What the tests publish themselves is not signed.
pub const MESSAGE_SIGNING_KEY: &str = "a key of the messages of the system tests, long enough";

/// The URL of the database server. Each test creates a database of its own there.
pub fn database_url() -> String {
    variable("TEST_DATABASE_URL").or_else(|| variable("DATABASE_URL")).unwrap_or_else(|| missing("TEST_DATABASE_URL"))
}

/// The URL of PgBouncer in transaction mode in front of the same server, for the database of `url`.
pub fn pgbouncer_url(url: &str) -> String {
    let pooler = variable("TEST_PGBOUNCER_URL").unwrap_or_else(|| missing("TEST_PGBOUNCER_URL"));
    let (_server, database) = url.rsplit_once('/').expect("the URL names a database");
    format!("{}/{database}", pooler.trim_end_matches('/'))
}

/// The URL of a streaming replica of the server, for the database `postgres`.
pub fn replica_url() -> String {
    replica_url_of("/postgres")
}

/// The URL of the replica of the database of `url`.
pub fn replica_url_of(url: &str) -> String {
    let replica = variable("TEST_REPLICA_URL").unwrap_or_else(|| missing("TEST_REPLICA_URL"));
    let (_server, database) = url.rsplit_once('/').expect("the URL names a database");
    format!("{}/{database}", replica.trim_end_matches('/'))
}

/// Whether the processes of every test connect through PgBouncer.
pub fn is_all_through_pgbouncer() -> bool {
    variable("TEST_THROUGH_PGBOUNCER").is_some_and(|value| value == "true")
}

pub fn rabbitmq_url() -> String {
    variable("RABBITMQ_URL").unwrap_or_else(|| missing("RABBITMQ_URL"))
}

/// The URL of the broker's management API, with user and password. The tests create vhosts and close connections with
/// it.
pub fn rabbitmq_management_url() -> String {
    variable("RABBITMQ_MANAGEMENT_URL").unwrap_or_else(|| missing("RABBITMQ_MANAGEMENT_URL"))
}

pub fn redis_url() -> String {
    variable("REDIS_URL").unwrap_or_else(|| missing("REDIS_URL"))
}

/// A command for `sh -c` that restarts the broker. It is required, also with services of your own: a fault that can't
/// be injected is not tested.
pub fn broker_restart_command() -> String {
    variable("TEST_RABBITMQ_RESTART_COMMAND").unwrap_or_else(|| missing("TEST_RABBITMQ_RESTART_COMMAND"))
}

/// A command that deletes all of the broker's data and restarts it.
pub fn broker_wipe_command() -> String {
    variable("TEST_RABBITMQ_WIPE_COMMAND").unwrap_or_else(|| missing("TEST_RABBITMQ_WIPE_COMMAND"))
}

/// A command that evaluates, inside the broker, the Erlang expression that is appended to it.
pub fn broker_eval_command() -> String {
    variable("TEST_RABBITMQ_EVAL_COMMAND").unwrap_or_else(|| missing("TEST_RABBITMQ_EVAL_COMMAND"))
}

/// A command that restarts Postgres.
pub fn database_restart_command() -> String {
    variable("TEST_POSTGRES_RESTART_COMMAND").unwrap_or_else(|| missing("TEST_POSTGRES_RESTART_COMMAND"))
}

/// A command that restarts Redis.
pub fn redis_restart_command() -> String {
    variable("TEST_REDIS_RESTART_COMMAND").unwrap_or_else(|| missing("TEST_REDIS_RESTART_COMMAND"))
}

/// The directory of the binaries: `target/PROFILE`, where this test was built.
pub fn binaries() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test binary");
    test.ancestors().nth(2).expect("target/PROFILE/deps/TEST").to_owned()
}

/// A number that chooses what a test does; `None` if it is not set.
pub fn number(name: &str) -> Option<u64> {
    variable(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text}")))
}

#[expect(clippy::disallowed_methods, reason = "tests find their services through environment variables only")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn missing(name: &str) -> ! {
    panic!("{name} is not set: run the tests with `make test`, or put `scripts/with_env.sh` before cargo");
}

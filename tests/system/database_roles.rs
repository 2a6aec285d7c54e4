//! The role of the processes, which owns nothing.

use sqlx::{Connection, PgConnection};
use std::process::Command;
use system_tests::database::Database;
use system_tests::settings;

/// SQLSTATE 42501: insufficient privilege.
const NOT_PERMITTED: &str = "42501";

/// Runs `orderctl`. Returns whether it succeeded, and what it printed.
fn orderctl(arguments: &[&str], environment: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new(settings::binaries().join("orderctl"));
    let command = command.args(arguments).env_clear().envs(environment.iter().copied());
    let output = command.output().expect("orderctl is built");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[tokio::test]
async fn the_processes_write_rows_and_can_not_change_the_schema() {
    let database = Database::create("database_roles").await;
    let (scheme, rest) = database.url.split_once("://").expect("a URL");
    let address = rest.rsplit_once('@').map_or(rest, |(_login, address)| address);
    // A name that has to be quoted, and a password that has to be escaped.
    let role = format!("Processes of {}", std::process::id());
    let url = format!("{scheme}://{}:it%27s%208d1f0c@{address}", role.replace(' ', "%20"));

    let (migrated, printed) = orderctl(&["migrate"], &[("DATABASE_DIRECT_URL", &database.url), ("DATABASE_URL", &url)]);
    let create = ["user", "create", "--email", "one@example.com", "--role", "vendor"];
    let (created, output) = orderctl(&create, &[("DATABASE_URL", &url)]);

    assert!(migrated && printed.contains("not change the schema"), "{printed}");
    assert!(created, "{output}");
    let mut connection = PgConnection::connect(&url).await.expect("the role may log in");
    for change in [
        "DROP TRIGGER audit_log_is_immutable ON operations.audit_log",
        "ALTER TABLE inventory.ledger DISABLE TRIGGER ledger_is_immutable",
        "TRUNCATE accounts.users CASCADE",
        "CREATE TABLE orders.more (id int)",
        "CREATE TABLE public.more (id int)",
    ] {
        let refused = sqlx::raw_sql(change).execute(&mut connection).await.expect_err(change);
        let code = refused.as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some(NOT_PERMITTED), "{change}: {refused}");
    }
    connection.close().await.expect("closed");
    let drop = format!("DROP OWNED BY \"{role}\"; DROP ROLE \"{role}\"");
    sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&database.pool).await.expect("the role is removed");
    database.remove().await;
}

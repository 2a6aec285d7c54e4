//! The first admin of an installation, made at the command line.

use std::io::Write as _;
use std::process::{Command, Stdio};
use system_tests::database::Database;
use system_tests::settings;

const PASSWORD: &str = "correct horse battery staple";

/// Runs `orderctl user create` for an admin with `input` as its standard input. Returns whether it succeeded, and what
/// it printed.
fn create_admin(database: &Database, email: &str, arguments: &[&str], input: &str) -> (bool, String) {
    let mut command = Command::new(settings::binaries().join("orderctl"));
    command.args(["user", "create", "--role", "admin", "--email", email]).args(arguments);
    command.env_clear().env("DATABASE_URL", &database.url);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = piped.spawn().expect("orderctl is built");
    process.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
    let output = process.wait_with_output().expect("it ends");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[tokio::test]
async fn the_first_admin_is_made_with_a_password_of_standard_input_or_a_generated_one() {
    let database = Database::create("first_admin").await;

    let (chosen, printed) = create_admin(&database, "one@example.com", &["--password-stdin"], PASSWORD);
    let (generated, shown) = create_admin(&database, "two@example.com", &[], "");
    let (weak, refusal) = create_admin(&database, "three@example.com", &["--password-stdin"], "password1");

    assert!(chosen && printed.contains("created admin one@example.com") && !printed.contains(PASSWORD), "{printed}");
    assert!(generated && shown.contains("to be changed at the first login"), "{shown}");
    assert!(!weak && refusal.contains("most common"), "{refusal}");
    let admins = "SELECT email, must_change_password FROM accounts.users WHERE role = 'admin' ORDER BY email";
    let admins: Vec<(String, bool)> = sqlx::query_as(admins).fetch_all(&database.pool).await.expect("users");
    assert_eq!(admins, [("one@example.com".to_owned(), false), ("two@example.com".to_owned(), true)]);
    database.remove().await;
}

//! What every binary answers before it has any settings, and what it says of all that are wrong.

use std::process::{Command, Output};
use system_tests::settings;

const BINARIES: [&str; 4] = ["api", "worker", "scheduler", "orderctl"];

fn run(binary: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let path = settings::binaries().join(binary);
    let mut command = Command::new(&path);
    let command = command.args(arguments).env_clear().envs(environment.iter().copied());
    command.output().unwrap_or_else(|error| panic!("{} is not built: {error}", path.display()))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_and_version_of_every_binary_answer_without_settings() {
    for binary in BINARIES {
        for asked in ["--help", "-h", "--version"] {
            let Output { status, stdout, stderr } = run(binary, &[asked], &[]);
            let (said, complained) = (text(&stdout), text(&stderr));
            assert!(status.success() && complained.is_empty(), "{binary} {asked}: {status} {complained}");
            assert!(said.contains(binary) || asked != "--version", "{binary} {asked}: {said}");
            assert!(asked == "--version" || said.contains("Example"), "{binary} {asked} shows no example: {said}");
        }
    }
}

#[test]
fn all_wrong_settings_are_named_at_once_those_that_are_missing_too() {
    let environment = [("ORDERFLOW_ENV", "production"), ("API_PORT", "eighty"), ("RABBITMQ_URL", "http://broker")];

    let Output { status, stderr, .. } = run("api", &[], &environment);

    let complained = text(&stderr);
    assert_eq!(status.code(), Some(2), "{complained}");
    for variable in [
        "DATABASE_URL must be set",
        "REDIS_URL must be set",
        "API_PORT: invalid",
        "RABBITMQ_URL must",
        "SECRET_KEY must",
    ] {
        assert_eq!(complained.matches(variable).count(), 1, "{variable}: {complained}");
    }
}

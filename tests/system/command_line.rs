//! The command line of every binary: help without any settings, and errors that name all wrong settings.

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
        for argument in ["--help", "-h", "--version"] {
            let Output { status, stdout, stderr } = run(binary, &[argument], &[]);
            let (printed, errors) = (text(&stdout), text(&stderr));
            assert!(status.success() && errors.is_empty(), "{binary} {argument}: {status} {errors}");
            let is_help = argument != "--version";
            assert!(is_help || printed.contains(binary), "{binary} {argument}: {printed}");
            assert!(!is_help || printed.contains("Example"), "{binary} {argument} shows no example: {printed}");
        }
    }
}

#[test]
fn all_wrong_and_missing_settings_are_named_at_once() {
    let environment = [("ORDERFLOW_ENV", "production"), ("API_PORT", "eighty"), ("RABBITMQ_URL", "http://broker")];

    let Output { status, stderr, .. } = run("api", &[], &environment);

    let errors = text(&stderr);
    assert_eq!(status.code(), Some(2), "{errors}");
    for variable in [
        "DATABASE_URL must be set",
        "REDIS_URL must be set",
        "API_PORT: invalid",
        "RABBITMQ_URL must",
        "SECRET_KEY must",
    ] {
        assert_eq!(errors.matches(variable).count(), 1, "{variable}: {errors}");
    }
}

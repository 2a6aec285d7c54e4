//! The command line of every binary: help without any settings, and errors that name all wrong settings.

use std::process::{Command, Output};
use system_tests::settings;

const BINARIES: [&str; 4] = ["api", "worker", "scheduler", "orderctl"];
const COMMANDS_OF_ORDERCTL: [&str; 11] =
    ["migrate", "seed", "user", "user create", "user list", "verify", "broker", "demo", "bench", "welcome", "probe"];
const KEY: &str = "9f2c81d0a4b7e365c8f01b2d94ea7c53";
/// URLs whose passwords nobody knows.
const OWN_URLS: [(&str, &str); 3] = [
    ("DATABASE_URL", "postgres://shop:8d1f0c@127.0.0.1:1/shop"),
    ("RABBITMQ_URL", "amqp://shop:8d1f0c@127.0.0.1:1/shop"),
    ("REDIS_URL", "redis://127.0.0.1:1/0"),
];

fn run(binary: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let path = settings::binaries().join(binary);
    let mut command = Command::new(&path);
    let command = command.args(arguments).env_clear().envs(environment.iter().copied());
    command.output().unwrap_or_else(|error| panic!("{} is not built: {error}", path.display()))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a process prints that refuses to start because of its settings.
fn refusal(binary: &str, environment: &[(&str, &str)]) -> String {
    let Output { status, stderr, .. } = run(binary, &[], environment);
    let errors = text(&stderr);
    assert_eq!(status.code(), Some(2), "{binary}: {errors}");
    errors
}

/// Each of `expected` is named in exactly one line.
fn assert_named(errors: &str, expected: &[&str]) {
    for problem in expected {
        assert_eq!(errors.matches(problem).count(), 1, "{problem}: {errors}");
    }
}

#[test]
fn help_and_version_of_every_binary_answer_without_settings_or_with_wrong_ones() {
    let wrong = [("API_PORT", "eighty"), ("DATABASE_URL_FILE", "/nowhere"), ("SAGA_PACE_PERCENT", "1")];
    for binary in BINARIES {
        for (argument, environment) in
            ["--help", "-h", "--version"].map(|argument| [(argument, &[][..]), (argument, &wrong)]).concat()
        {
            let Output { status, stdout, stderr } = run(binary, &[argument], environment);
            let (printed, errors) = (text(&stdout), text(&stderr));
            assert!(status.success() && errors.is_empty(), "{binary} {argument}: {status} {errors}");
            let is_help = argument != "--version";
            assert!(is_help || printed.contains(binary), "{binary} {argument}: {printed}");
            assert!(!is_help || printed.contains("Example"), "{binary} {argument} shows no example: {printed}");
        }
    }
}

#[test]
fn help_of_every_command_of_orderctl_answers_without_settings() {
    for command in COMMANDS_OF_ORDERCTL {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let Output { status, stdout, stderr } = run("orderctl", &arguments, &[]);
        assert!(status.success() && stderr.is_empty(), "orderctl {command} --help: {status} {}", text(&stderr));
        assert!(text(&stdout).contains("Usage: orderctl"), "orderctl {command} --help: {}", text(&stdout));
    }
}

#[test]
fn all_wrong_and_missing_settings_are_named_at_once() {
    let environment = [("ORDERFLOW_ENV", "production"), ("API_PORT", "eighty"), ("RABBITMQ_URL", "http://broker")];

    let errors = refusal("api", &environment);

    assert_named(
        &errors,
        &[
            "DATABASE_URL must be set",
            "REDIS_URL must be set",
            "API_PORT: invalid",
            "RABBITMQ_URL must",
            "SECRET_KEY must",
        ],
    );
}

#[test]
fn production_names_everything_that_is_only_fit_for_development_at_once() {
    let public = [
        ("ORDERFLOW_ENV", "production"),
        ("DATABASE_URL", "postgres://orderflow:orderflow@127.0.0.1:1/shop"),
        ("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:1/shop"),
        ("REDIS_URL", "redis://:redis@127.0.0.1:1/0"),
        ("SECRET_KEY", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ];

    let api = refusal("api", &public);
    let worker = refusal("worker", &public);
    let scheduler = refusal("scheduler", &public);

    let services =
        ["DATABASE_URL has a password", "RABBITMQ_URL has a password", "MESSAGE_SIGNING_KEY is required in production"];
    for errors in [&api, &worker, &scheduler] {
        assert_named(errors, &services);
        assert!(!errors.contains("guest") && !errors.contains("aaaa"), "a value is printed: {errors}");
    }
    let api_only = ["REDIS_URL has a password", "SECRET_KEY must be random", "API_TRUSTED_PROXIES must be set"];
    assert_named(&api, &api_only);
    assert_named(&api, &["PAYMENT_GATEWAY is simulated"]);
    assert_named(&worker, &["PAYMENT_GATEWAY is simulated", "CARRIER is simulated"]);
}

#[test]
fn orderctl_sets_up_no_production_with_passwords_that_everybody_knows() {
    let mut public = vec![
        ("ORDERFLOW_ENV", "production"),
        ("DATABASE_URL", "postgres://shop:postgres@127.0.0.1:1/shop"),
        ("RABBITMQ_URL", "amqp://shop:8d1f0c@127.0.0.1:1/shop"),
        ("RABBITMQ_MANAGEMENT_URL", "http://guest:guest@127.0.0.1:1"),
        ("RABBITMQ_API_PASSWORD", "orderflow"),
        ("RABBITMQ_WORKER_PASSWORD", "8d1f0c"),
        ("RABBITMQ_SCHEDULER_PASSWORD", "orderflow"),
    ];

    let migrate = text(&run("orderctl", &["migrate"], &public).stderr);
    let broker = text(&run("orderctl", &["broker"], &public).stderr);
    public[0].1 = "development";
    let in_development = text(&run("orderctl", &["migrate"], &public).stderr);

    assert_named(&migrate, &["DATABASE_URL has a password"]);
    assert_named(
        &broker,
        &[
            "RABBITMQ_MANAGEMENT_URL has a password",
            "RABBITMQ_API_PASSWORD has a password",
            "RABBITMQ_SCHEDULER_PASSWORD has a password",
        ],
    );
    assert!(!broker.contains("WORKER"), "{broker}");
    assert!(in_development.contains("no connection"), "{in_development}");
}

#[test]
fn production_uses_simulated_providers_only_when_that_is_said() {
    let mut environment = vec![("ORDERFLOW_ENV", "production"), ("SECRET_KEY", KEY), ("MESSAGE_SIGNING_KEY", KEY)];
    environment.extend(OWN_URLS);

    let errors = refusal("worker", &environment);
    // One wrong setting, so that it exits in both cases.
    environment.extend([("ALLOW_SIMULATED_PROVIDERS", "true"), ("METRICS_HOST", "nowhere")]);
    let allowed = refusal("worker", &environment);

    assert_named(&errors, &["PAYMENT_GATEWAY is simulated", "CARRIER is simulated"]);
    assert_eq!(errors.lines().count(), 3, "{errors}");
    assert_eq!(allowed.lines().count(), 2, "{allowed}");
}

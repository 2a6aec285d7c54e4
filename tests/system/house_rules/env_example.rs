//! `.env.example` lists exactly the settings that exist, with their defaults.

use super::sources::{root, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use system_tests::settings;

/// The command lines with settings.
const COMMANDS: &[&str] = &[
    "api",
    "orderctl broker",
    "orderctl migrate",
    "orderctl seed",
    "orderctl verify",
    "orderctl demo",
    "orderctl bench seed",
    "scheduler",
    "worker",
];

/// Each container has its own ports, and its health check has the number.
const FIXED_IN_CONTAINERS: &[&str] = &["WORKER_METRICS_PORT", "SCHEDULER_METRICS_PORT"];

#[test]
fn every_setting_of_a_command_is_listed() {
    let listed = listed();
    let missing: Vec<_> = known_settings().into_iter().filter(|name| !listed.contains_key(name)).collect();
    assert!(missing.is_empty(), ".env.example does not list {missing:?}");
}

#[test]
fn every_listed_setting_is_read() {
    let known = known_settings();
    let scripts: String = sources("scripts", &["sh"]).into_iter().map(|script| script.text).collect();
    let readers = scripts + &text_of("docker-compose.yml");
    let unread: Vec<_> = listed().into_keys().filter(|name| !known.contains(name) && !readers.contains(name)).collect();
    assert!(unread.is_empty(), "no command, script or container reads {unread:?}");
}

#[test]
fn the_file_of_every_secret_is_listed() {
    let example = text_of(".env.example");
    let (head, _sections) = example.split_once("# ---").expect("sections");
    let helps: Vec<String> = COMMANDS.iter().map(|command| help_of(command)).collect();
    let files =
        helps.iter().flat_map(|help| help.split("[or a file: ").skip(1)).filter_map(|rest| rest.split(']').next());
    let files: BTreeSet<_> = files.collect();
    assert!(files.contains("SECRET_KEY_FILE"), "{files:?}");
    let missing: Vec<_> = files.into_iter().filter(|name| !head.contains(name)).collect();
    assert!(missing.is_empty(), "the head of .env.example does not list {missing:?}");
}

#[test]
fn every_setting_reaches_the_containers() {
    let compose = text_of("docker-compose.yml") + &text_of("Dockerfile");
    let reaches = |name: &String| compose.contains(name) || FIXED_IN_CONTAINERS.contains(&name.as_str());
    let missing: Vec<_> = known_settings().into_iter().filter(|name| !reaches(name)).collect();
    assert!(missing.is_empty(), "docker-compose.yml does not pass on {missing:?}");
}

#[test]
fn every_listed_setting_is_explained() {
    let example = text_of(".env.example");
    let lines: Vec<&str> = example.lines().collect();
    // Settings that belong together may share their explanation.
    for pair in lines.windows(2).filter(|pair| variable(pair[1]).is_some()) {
        assert!(pair[0].starts_with("# "), "{} is not explained", pair[1]);
    }
}

#[test]
fn every_default_is_the_same_everywhere() {
    let mut defaults: BTreeMap<String, String> = BTreeMap::new();
    let settings = COMMANDS.iter().flat_map(|command| settings_of(command));
    let with_default = settings.filter_map(|(name, default)| Some((name, default?)));
    for (name, default) in listed().into_iter().chain(with_default) {
        let earlier = defaults.entry(name.clone()).or_insert_with(|| default.clone());
        assert_eq!(*earlier, default, "{name} has two defaults");
    }
}

fn text_of(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file} at the root: {error}"))
}

/// The variables of `.env.example` with their values.
fn listed() -> BTreeMap<String, String> {
    let example = text_of(".env.example");
    example.lines().filter_map(variable).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Parses a line `# NAME=value` of `.env.example`.
fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim_start_matches("# ").split_once('=')?;
    let legal = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    (!name.is_empty() && name.chars().all(legal)).then_some((name, value))
}

/// Every variable that the `--help` of a command names.
fn known_settings() -> BTreeSet<String> {
    COMMANDS.iter().flat_map(|command| settings_of(command)).map(|(name, _default)| name).collect()
}

/// The variables with their defaults, which clap prints as `[env: NAME=] [default: value]`.
fn settings_of(command: &str) -> Vec<(String, Option<String>)> {
    let help = help_of(command);
    let named = help.split("[env: ").skip(1).filter_map(|rest| {
        let (name, rest) = (rest.split(['=', ']']).next()?, rest.split_once(']')?.1);
        let default = rest.strip_prefix(" [default: ").and_then(|rest| rest.split(']').next());
        Some((name.to_owned(), default.map(str::to_owned)))
    });
    named.collect()
}

fn help_of(command: &str) -> String {
    let mut words = command.split(' ');
    let binary = settings::binaries().join(words.next().unwrap_or_default());
    let help = Command::new(&binary)
        .args(words)
        .arg("--help")
        .env_clear()
        // Required settings are checked before the arguments.
        .env("DATABASE_URL", "postgres://nowhere/nothing")
        .env("RABBITMQ_URL", "amqp://nowhere")
        .env("REDIS_URL", "redis://nowhere")
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; build it: cargo build --workspace --bins", binary.display()));
    // clap wraps the help, also within an entry, so it is joined to one line.
    let help = String::from_utf8_lossy(&help.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("Usage:"), "{command} --help prints: {help}");
    help
}

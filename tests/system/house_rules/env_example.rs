//! `.env.example` lists every setting there is, and none that there is not.

use super::sources::{root, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use system_tests::settings;

const DOORS: &[&str] = &[
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

/// Each container has its ports to itself, and its health check knows them.
const FIXED_IN_CONTAINERS: &[&str] = &["WORKER_METRICS_PORT", "SCHEDULER_METRICS_PORT"];

#[test]
fn every_setting_of_a_door_is_listed() {
    let listed = listed();
    let missing: Vec<_> = known_to_doors().into_iter().filter(|name| !listed.contains_key(name)).collect();
    assert!(missing.is_empty(), ".env.example does not list {missing:?}");
}

#[test]
fn every_listed_setting_is_read_by_somebody() {
    let doors = known_to_doors();
    let scripts: String = sources("scripts", &["sh"]).into_iter().map(|script| script.text).collect();
    let readers = scripts + &text_of("docker-compose.yml");
    let unread: Vec<_> = listed().into_keys().filter(|name| !doors.contains(name) && !readers.contains(name)).collect();
    assert!(unread.is_empty(), "nobody reads {unread:?}");
}

#[test]
fn every_setting_reaches_the_containers() {
    let compose = text_of("docker-compose.yml") + &text_of("Dockerfile");
    let reaches = |name: &String| compose.contains(name) || FIXED_IN_CONTAINERS.contains(&name.as_str());
    let kept: Vec<_> = known_to_doors().into_iter().filter(|name| !reaches(name)).collect();
    assert!(kept.is_empty(), "docker-compose.yml does not hand on {kept:?}");
}

#[test]
fn every_listed_setting_says_what_it_is_for() {
    let example = text_of(".env.example");
    let lines: Vec<&str> = example.lines().collect();
    // Several that belong together may share their explanation.
    for pair in lines.windows(2).filter(|pair| variable(pair[1]).is_some()) {
        assert!(pair[0].starts_with("# "), "{} is not explained", pair[1]);
    }
}

#[test]
fn every_default_is_the_same_everywhere() {
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    let doors = DOORS.iter().flat_map(|door| settings_of(door)).filter_map(|(name, default)| Some((name, default?)));
    let defaults = listed().into_iter().chain(doors);
    for (name, default) in defaults {
        let earlier = told.entry(name.clone()).or_insert_with(|| default.clone());
        assert_eq!(*earlier, default, "{name} has two defaults");
    }
}

fn text_of(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file} at the root: {error}"))
}

/// The variables with their values.
fn listed() -> BTreeMap<String, String> {
    let example = text_of(".env.example");
    example.lines().filter_map(variable).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// `# NAME=value`, as the example writes them.
fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim_start_matches("# ").split_once('=')?;
    let legal = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    (!name.is_empty() && name.chars().all(legal)).then_some((name, value))
}

/// Every variable that some door's `--help` names.
fn known_to_doors() -> BTreeSet<String> {
    DOORS.iter().flat_map(|door| settings_of(door)).map(|(name, _default)| name).collect()
}

/// `[env: NAME=] [default: value]`, as clap writes them.
fn settings_of(door: &str) -> Vec<(String, Option<String>)> {
    let help = help_of(door);
    let named = help.split("[env: ").skip(1).filter_map(|rest| {
        let (name, rest) = (rest.split(['=', ']']).next()?, rest.split_once(']')?.1);
        let default = rest.strip_prefix(" [default: ").and_then(|rest| rest.split(']').next());
        Some((name.to_owned(), default.map(str::to_owned)))
    });
    named.collect()
}

fn help_of(door: &str) -> String {
    let mut words = door.split(' ');
    let binary = settings::binaries().join(words.next().unwrap_or_default());
    let help = Command::new(&binary)
        .args(words)
        .arg("--help")
        .env_clear()
        // A door looks at what it must have before it looks at its arguments.
        .env("DATABASE_URL", "postgres://nowhere/nothing")
        .env("RABBITMQ_URL", "amqp://nowhere")
        .env("REDIS_URL", "redis://nowhere")
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; build it: cargo build --workspace --bins", binary.display()));
    // On one line: the help is wrapped, in the middle of what we look for too.
    let help = String::from_utf8_lossy(&help.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("Usage:"), "{door} --help says: {help}");
    help
}

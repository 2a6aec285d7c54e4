//! Who may depend on whom. Arrows point downward, and slices don't know each other.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const SLICES: &[&str] = &["accounts", "catalogue", "inventory", "operations", "orders", "payments", "shipping"];
const PLUMBING: &[&str] = &["messaging", "platform"];
const CENTRE: &[&str] = &["domain"];
const DOORS: &[&str] = &["api", "orderctl", "scheduler", "worker", "system-tests"];

/// All that the centre may use of others: data types, what derives code for them, and Unicode's tables.
const PURE: &[&str] = &[
    "chrono",
    "iso_currency",
    "serde",
    "serde_json",
    "strum",
    "thiserror",
    "unicode-normalization",
    "unicode-properties",
    "uuid",
];

#[test]
fn every_room_has_its_floor() {
    let floors: BTreeSet<&str> = [SLICES, PLUMBING, CENTRE, DOORS].concat().into_iter().collect();
    let rooms = dependencies();
    assert_eq!(rooms.keys().map(String::as_str).collect::<BTreeSet<_>>(), floors, "a new room needs a floor here");
}

#[test]
fn arrows_point_downward_and_slices_do_not_know_each_other() {
    let rooms = dependencies();
    for (room, used) in &rooms {
        let ours = used.iter().map(String::as_str).filter(|name| rooms.contains_key(*name));
        let refused: Vec<_> = ours.filter(|name| !below(room).contains(name)).collect();
        assert!(refused.is_empty(), "{room} must not know {refused:?}");
    }
}

#[test]
fn the_centre_is_pure() {
    let used = &dependencies()["domain"];
    let refused: Vec<_> = used.iter().filter(|name| !PURE.contains(&name.as_str())).collect();
    assert!(refused.is_empty(), "domain does no IO and reads no clock, so it needs no {refused:?}");
}

/// The rooms that `room` may know.
fn below(room: &str) -> Vec<&'static str> {
    match room {
        "domain" | "platform" => vec![],
        "messaging" => [CENTRE, &["platform"]].concat(),
        slice if SLICES.contains(&slice) => [CENTRE, PLUMBING].concat(),
        _door => [CENTRE, PLUMBING, SLICES].concat(),
    }
}

/// What each member of the workspace names in its `[dependencies]`; those of tests and builds don't count.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(super::sources::root())
        .output()
        .expect("cargo is there: it runs this test");
    let metadata: Value = serde_json::from_slice(&cargo.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("a workspace has packages");
    packages.iter().map(|package| (name_of(package), used_by(package))).collect()
}

fn used_by(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().expect("a package has dependencies, or none");
    dependencies.iter().filter(|dependency| dependency["kind"].is_null()).map(name_of).collect()
}

fn name_of(value: &Value) -> String {
    value["name"].as_str().expect("it has a name").to_owned()
}

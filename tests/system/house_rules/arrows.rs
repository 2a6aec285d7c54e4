//! Which crate may depend on which: dependencies point downward, and slices do not depend on each other.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const SLICES: &[&str] = &["accounts", "catalogue", "inventory", "operations", "orders", "payments", "shipping"];
const PLUMBING: &[&str] = &["messaging", "platform"];
const CORE: &[&str] = &["domain"];
/// Used by build scripts only.
const BUILD: &[&str] = &["sql-columns"];
const BINARIES: &[&str] = &["api", "orderctl", "scheduler", "worker", "system-tests"];

/// The external crates that the core may use: data types, derive macros for them, and tables (Unicode, ISO codes).
const PURE: &[&str] = &[
    "chrono",
    "iso_country",
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
fn every_crate_belongs_to_a_layer() {
    let layered: BTreeSet<&str> = [SLICES, PLUMBING, CORE, BUILD, BINARIES].concat().into_iter().collect();
    let crates = dependencies();
    let members: BTreeSet<&str> = crates.keys().map(String::as_str).collect();
    assert_eq!(members, layered, "add the new crate to its layer in this file");
}

#[test]
fn dependencies_point_downward_and_slices_do_not_depend_on_each_other() {
    let crates = dependencies();
    for (name, used) in &crates {
        let ours = used.iter().map(String::as_str).filter(|used| crates.contains_key(*used));
        let refused: Vec<_> = ours.filter(|used| !below(name).contains(used)).collect();
        assert!(refused.is_empty(), "{name} must not depend on {refused:?}");
    }
}

#[test]
fn the_core_is_pure() {
    let used = &dependencies()["domain"];
    let refused: Vec<_> = used.iter().filter(|name| !PURE.contains(&name.as_str())).collect();
    assert!(refused.is_empty(), "domain does no I/O and reads no clock, so it must not depend on {refused:?}");
}

/// The crates of the workspace that the crate `name` may depend on.
fn below(name: &str) -> Vec<&'static str> {
    match name {
        "domain" | "platform" | "sql-columns" => vec![],
        "messaging" => [CORE, &["platform"]].concat(),
        slice if SLICES.contains(&slice) => [CORE, PLUMBING].concat(),
        _binary => [CORE, PLUMBING, SLICES].concat(),
    }
}

/// The `[dependencies]` of each member of the workspace, without those of tests and build scripts.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(super::sources::root())
        .output()
        .expect("cargo runs this test, so it is installed");
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

//! What every file keeps to.

use super::sources::{Source, rust, sources};

const FILE_LINES_MAX: usize = 400;

/// Where a test may sleep, and why.
const MAY_SLEEP: &[(&str, &str)] =
    &[("crates/api/tests/it/http.rs", "a client that drips, on a clock that stands still")];

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let long = rust().into_iter().filter(|source| source.text.lines().count() > FILE_LINES_MAX);
    let long: Vec<_> = long.map(|source| source.path).collect();
    assert!(long.is_empty(), "split these: {long:?}");
}

#[test]
fn every_room_opens_with_its_sign() {
    let doors = rust().into_iter().filter(|source| {
        let path = source.path.strip_prefix("crates/").unwrap_or_default();
        path.split_once('/').is_some_and(|(_room, rest)| matches!(rest, "src/lib.rs" | "src/main.rs"))
    });
    let silent: Vec<_> = doors.filter(|source| !source.text.starts_with("//!")).map(|source| source.path).collect();
    assert!(silent.is_empty(), "no sign at the door of {silent:?}");
}

#[test]
fn no_test_sleeps() {
    // Put together, so that this line is not found itself.
    let sleeps = [["::sle", "ep("].concat(), [" sle", "ep("].concat()];
    let allowed = |source: &Source| MAY_SLEEP.iter().any(|(path, _why)| *path == source.path);
    let tests = rust().into_iter().filter(|source| !allowed(source)).filter(|source| {
        let product = if source.is_test() { 0 } else { source.without_inline_tests().len() };
        sleeps.iter().any(|sleep| source.text[product..].contains(sleep))
    });
    let restless: Vec<_> = tests.map(|source| source.path).collect();
    assert!(restless.is_empty(), "wait for something, with a limit, instead: {restless:?}");
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let files = [rust(), sources("migrations", &["sql"]), sources("scripts", &["sh"])];
    let unfinished = files.into_iter().flatten().filter(|source| marks.iter().any(|mark| source.text.contains(mark)));
    let unfinished: Vec<_> = unfinished.map(|source| source.path).collect();
    assert!(unfinished.is_empty(), "{unfinished:?}");
}

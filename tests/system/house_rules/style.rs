//! Rules for the style of every file.

use super::sources::{Source, rust, sources};

const FILE_LINES_MAX: usize = 400;

/// The tests that may sleep, with the reason.
const MAY_SLEEP: &[(&str, &str)] =
    &[("crates/api/tests/it/http.rs", "a client that sends slowly, with tokio's clock paused")];

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let long = rust().into_iter().filter(|source| source.text.lines().count() > FILE_LINES_MAX);
    let long: Vec<_> = long.map(|source| source.path).collect();
    assert!(long.is_empty(), "split these: {long:?}");
}

#[test]
fn every_file_starts_with_a_head() {
    let bare = rust().into_iter().filter(|source| !source.text.starts_with("//!"));
    let bare: Vec<_> = bare.map(|source| source.path).collect();
    assert!(bare.is_empty(), "no `//!` comment at the top of {bare:?}");
}

#[test]
fn no_test_sleeps() {
    // Concatenated, so that this line does not match itself.
    let sleeps = [["::sle", "ep("].concat(), [" sle", "ep("].concat()];
    let allowed = |source: &Source| MAY_SLEEP.iter().any(|(path, _why)| *path == source.path);
    let tests = rust().into_iter().filter(|source| !allowed(source)).filter(|source| {
        let product = if source.is_test() { 0 } else { source.without_inline_tests().len() };
        sleeps.iter().any(|sleep| source.text[product..].contains(sleep))
    });
    let sleeping: Vec<_> = tests.map(|source| source.path).collect();
    assert!(sleeping.is_empty(), "poll for a condition with a limit instead: {sleeping:?}");
}

#[test]
fn no_file_has_a_mark_of_unfinished_work() {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let files = [rust(), sources("migrations", &["sql"]), sources("scripts", &["sh"])];
    let unfinished = files.into_iter().flatten().filter(|source| marks.iter().any(|mark| source.text.contains(mark)));
    let unfinished: Vec<_> = unfinished.map(|source| source.path).collect();
    assert!(unfinished.is_empty(), "{unfinished:?}");
}

//! The vocabulary of `crates/README.md`: retired words stay out of names, comments and texts.

use super::sources::{Source, root, sources};

/// Whole words, in any case; in an identifier each part counts (`until_told`, `ToldFirst`).
const RETIRED: &[&str] = &[
    "told",
    "heard",
    "hears",
    "parcel",
    "parcels",
    "desk",
    "desks",
    "farewell",
    "farewells",
    "clerk",
    "clerks",
    "shelf",
    "shelves",
    "gauntlet",
    "whoever",
    "whomever",
];
/// Words in a row, also across the parts of an identifier (`let_go`, `LetGo`).
const RETIRED_PHRASES: &[&[&str]] = &[&["let", "go"], &["lets", "go"], &["letting", "go"], &["goes", "home"]];
/// Names in stored or published JSON of earlier versions, which are still read.
const OLD_WIRE_NAMES: &[(&str, &str)] =
    &[("crates/domain/src/messages/shipping.rs", "parcels"), ("crates/domain/src/messages/golden.rs", "parcels")];
/// The glossary names the retired words, and so does this rule.
const LISTS: &[&str] = &["crates/README.md", "tests/system/house_rules/vocabulary.rs"];

#[test]
fn retired_words_stay_out_of_names_comments_and_texts() {
    let found: Vec<String> = texts().iter().flat_map(retired_words).collect();
    assert!(found.is_empty(), "see the glossary in crates/README.md for the words to use:\n{}", found.join("\n"));
}

#[test]
fn a_retired_word_is_found_in_whatever_form_it_is_written() {
    for text in ["/// What it was told.", "fn until_told()", "struct ToldFirst;", "let_go(", "fn letGo()", "PARCEL_MAX"]
    {
        let source = Source { path: "crates/x.rs".to_owned(), text: text.to_owned() };
        assert_eq!(retired_words(&source).len(), 1, "{text}");
    }
    for text in ["outgoing", "let good", "deskpro"] {
        let source = Source { path: "crates/x.rs".to_owned(), text: text.to_owned() };
        assert_eq!(retired_words(&source), Vec::<String>::new(), "{text}");
    }
}

fn texts() -> Vec<Source> {
    let mut all = sources("crates", &["rs", "md", "toml", "snap", "json"]);
    all.extend(sources("tests", &["rs", "md", "toml", "snap"]));
    all.extend(sources("scripts", &["sh", "sql", "md", "yml"]));
    for path in ["README.md", ".env.example", "docker-compose.yml", "Dockerfile", "Makefile"] {
        let text = std::fs::read_to_string(root().join(path)).expect("a file at the top level");
        all.push(Source { path: path.to_owned(), text });
    }
    all.retain(|source| !LISTS.contains(&source.path.as_str()));
    all
}

fn retired_words(source: &Source) -> Vec<String> {
    let lines = source.text.lines().enumerate();
    lines
        .filter_map(|(number, line)| {
            let words = words_of(line);
            let single = words.iter().find(|word| RETIRED.contains(&word.as_str())).cloned();
            let phrase =
                || RETIRED_PHRASES.iter().find(|phrase| contains(&words, phrase)).map(|phrase| phrase.join(" "));
            let is_wire_name = |word: &String| OLD_WIRE_NAMES.contains(&(source.path.as_str(), word.as_str()));
            single
                .filter(|word| !is_wire_name(word))
                .or_else(phrase)
                .map(|word| format!("{}:{}: {word}", source.path, number + 1))
        })
        .collect()
}

fn contains(words: &[String], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|window| window.iter().zip(phrase).all(|(word, wanted)| word == wanted))
}

/// The words of a line in lower case: identifiers are split at underscores and where a capital follows a small letter.
fn words_of(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for character in line.chars() {
        if !character.is_ascii_alphabetic() || (character.is_ascii_uppercase() && after_small) {
            words.push(String::new());
        }
        if character.is_ascii_alphabetic() {
            words.last_mut().expect("it starts with one").push(character.to_ascii_lowercase());
        }
        after_small = character.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

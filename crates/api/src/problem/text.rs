//! Builds the texts of problems: each names the part of the request, its value and what is allowed.

use std::fmt::Display;

/// Longer values are truncated: the text is for people, and the client has the value.
const SHOWN_CHARACTERS_MAX: usize = 64;

/// A name or a value of the client in backticks: truncated, with control characters escaped and backticks replaced.
pub fn quote(text: &str) -> String {
    let safe = |letter: char| match letter {
        '`' => "'".to_owned(),
        letter if letter.is_control() => letter.escape_default().to_string(),
        letter => letter.to_string(),
    };
    let shown: String = text.chars().take(SHOWN_CHARACTERS_MAX).map(safe).collect();
    let rest = if text.chars().nth(SHOWN_CHARACTERS_MAX).is_some() { "…" } else { "" };
    format!("`{shown}{rest}`")
}

/// `a`, `b` or `c`
pub fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => quote(one),
        [first @ .., last] => format!("{} or {}", quote_all(first), quote(last)),
    }
}

/// `a`, `b`, `c`
pub fn quote_all(names: &[&str]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}

/// The error text for an invalid value of `name`. Parser errors read "a SKU must be …"; the name replaces their
/// subject.
pub fn invalid(name: &str, error: impl Display) -> String {
    let error = error.to_string();
    match error.split_once("must ") {
        Some((_, rule)) => format!("{} must {rule}", quote(name)),
        None => format!("{}: {error}", quote(name)),
    }
}

/// The same with the value that was sent.
pub fn invalid_value(name: &str, error: impl Display, value: &str) -> String {
    format!("{}, got {}", invalid(name, error), quote(value))
}

/// The text with a capital first letter and a full stop.
pub fn sentence(text: impl Into<String>) -> String {
    let mut text: String = text.into();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !text.is_empty() && !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// A JSON pointer as a field path: `/items/0/sku` becomes `items[0].sku`.
pub fn field_path(pointer: &str) -> String {
    let path: String = pointer.split('/').skip(1).map(step).collect();
    if path.is_empty() { "body".to_owned() } else { path.trim_start_matches('.').to_owned() }
}

fn step(step: &str) -> String {
    let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    if is_index { format!("[{step}]") } else { format!(".{}", step.replace("~1", "/").replace("~0", "~")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_the_field_the_rule_and_the_value() {
        assert_eq!(invalid_value("sku", "a SKU must be short", "x y"), "`sku` must be short, got `x y`");
        assert_eq!(invalid("currency", "unknown"), "`currency`: unknown");
        assert_eq!(one_of(&["a", "b", "c"]), "`a`, `b` or `c`");
    }

    #[test]
    fn a_quoted_value_is_truncated_and_escaped() {
        assert_eq!(quote("a`b\nc\u{1b}"), "`a'b\\nc\\u{1b}`");
        assert_eq!(quote(&"x".repeat(65)), format!("`{}…`", "x".repeat(64)));
    }

    #[test]
    fn every_text_is_a_sentence() {
        assert_eq!(sentence("the access token is not valid"), "The access token is not valid.");
        assert_eq!(sentence("`id` is required."), "`id` is required.");
        assert_eq!(sentence("öl"), "öl.");
    }

    #[test]
    fn a_pointer_becomes_a_field_path() {
        assert_eq!(field_path("/items/0/sku"), "items[0].sku");
        assert_eq!(field_path("/a~1b~0c"), "a/b~c");
        assert_eq!(field_path(""), "body");
    }
}

//! How the text of a problem is put together: every text names the part of the request, its value and what is allowed.

use std::fmt::Display;

/// Longer values are cut: a text is for people, and the client has the value.
const SHOWN_CHARACTERS_MAX: usize = 64;

/// A name or a value of the client's, as texts show it: in backticks, short, and without what could disturb a terminal.
pub fn tick(text: &str) -> String {
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
        [one] => tick(one),
        [first @ .., last] => format!("{} or {}", ticked(first), tick(last)),
    }
}

/// `a`, `b`, `c`
pub fn ticked(names: &[&str]) -> String {
    names.iter().map(|name| tick(name)).collect::<Vec<_>>().join(", ")
}

/// What is wrong with the value of `name`. Errors of parsers read "a SKU must be …": the name takes the place of their
/// subject.
pub fn wrong(name: &str, error: impl Display) -> String {
    let error = error.to_string();
    match error.split_once("must ") {
        Some((_, rule)) => format!("{} must {rule}", tick(name)),
        None => format!("{}: {error}", tick(name)),
    }
}

/// The same with the value that was sent.
pub fn wrong_value(name: &str, error: impl Display, value: &str) -> String {
    format!("{}, got {}", wrong(name, error), tick(value))
}

/// With a capital letter in front and a full stop behind, whatever error it comes from.
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

/// A JSON pointer as people write it: `/items/0/sku` is `items[0].sku`.
pub fn place(pointer: &str) -> String {
    let place: String = pointer.split('/').skip(1).map(step).collect();
    if place.is_empty() { "body".to_owned() } else { place.trim_start_matches('.').to_owned() }
}

fn step(step: &str) -> String {
    let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    if is_index { format!("[{step}]") } else { format!(".{}", step.replace("~1", "/").replace("~0", "~")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_the_part_the_rule_and_the_value() {
        assert_eq!(wrong_value("sku", "a SKU must be short", "x y"), "`sku` must be short, got `x y`");
        assert_eq!(wrong("currency", "unknown"), "`currency`: unknown");
        assert_eq!(one_of(&["a", "b", "c"]), "`a`, `b` or `c`");
    }

    #[test]
    fn a_value_of_the_clients_is_short_and_can_not_disturb_a_text() {
        assert_eq!(tick("a`b\nc\u{1b}"), "`a'b\\nc\\u{1b}`");
        assert_eq!(tick(&"x".repeat(65)), format!("`{}…`", "x".repeat(64)));
    }

    #[test]
    fn every_text_is_a_sentence() {
        assert_eq!(sentence("the access token is not valid"), "The access token is not valid.");
        assert_eq!(sentence("`id` is required."), "`id` is required.");
        assert_eq!(sentence("öl"), "öl.");
    }

    #[test]
    fn a_pointer_reads_like_code() {
        assert_eq!(place("/items/0/sku"), "items[0].sku");
        assert_eq!(place("/a~1b~0c"), "a/b~c");
        assert_eq!(place(""), "body");
    }
}

//! Rules for free text from people. In Unicode one word has several encodings, and characters can be invisible; stored
//! text is normalised (NFC), and all of its characters are visible.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// They change the shape of adjacent letters: Persian, Indic scripts and emoji families need them.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// `text` in NFC.
pub fn normalised(text: &str) -> String {
    text.nfc().collect()
}

/// `text` in NFC, without surrounding white space; `None` unless that is 1 to `max` characters on one line, all of them
/// visible.
pub fn one_line(text: &str, max: usize) -> Option<String> {
    let text = normalised(text.trim());
    let good = (1..=max).contains(&text.chars().count()) && !text.chars().any(ends_line_or_controls);
    (good && !has_invisible(&text)).then_some(text)
}

/// `text` in NFC; `None` when that is more than `max` characters, or contains invisible ones other than tabs and line
/// breaks.
pub fn lines(text: &str, max: usize) -> Option<String> {
    let text = normalised(text);
    let legal = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t');
    let good = text.chars().count() <= max && text.chars().all(legal);
    (good && !has_invisible(&text)).then_some(text)
}

/// Whether `text` contains format characters, except joiners within a word. Such characters make two texts that look
/// alike differ, or reverse the direction of the surrounding text.
pub fn has_invisible(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    letters.iter().enumerate().any(|(place, letter)| is_format(*letter) && !joins(&letters, place))
}

/// Whether `letter` is a format character, such as a zero-width space: nothing is printed for it.
pub fn is_format(letter: char) -> bool {
    letter.general_category() == GeneralCategory::Format
}

/// Whether there is a joiner at `place`, between two characters that it can join.
fn joins(letters: &[char], place: usize) -> bool {
    let joined = |place: Option<usize>| {
        let letter = place.and_then(|place| letters.get(place));
        letter.is_some_and(|letter| !letter.is_ascii() && !is_format(*letter))
    };
    JOINERS.contains(&letters[place]) && joined(place.checked_sub(1)) && joined(place.checked_add(1))
}

fn ends_line_or_controls(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(" Demo Customer ", Some("Demo Customer"))]
    #[case("Zoe\u{308}", Some("Zo\u{eb}"))]
    #[case("李小龍", Some("李小龍"))]
    #[case("می\u{200c}خواهم", Some("می\u{200c}خواهم"))]
    #[case("👩\u{200d}👧", Some("👩\u{200d}👧"))]
    #[case("", None)]
    #[case("   ", None)]
    #[case("two\nlines", None)]
    #[case("two\u{2028}lines", None)]
    #[case("nul\0", None)]
    #[case("zero\u{200b}width", None)]
    #[case("zero\u{200d}width", None)]
    #[case("è\u{200d}\u{200d}è", None)]
    #[case("è\u{200d}", None)]
    #[case("\u{202e}desrever", None)]
    #[case("fourteen chars", None)]
    fn one_line_is_normalised_and_completely_visible(#[case] text: &str, #[case] kept: Option<&str>) {
        assert_eq!(one_line(text, 13).as_deref(), kept);
    }

    #[test]
    fn length_is_counted_in_characters_of_the_normalised_text() {
        assert!(one_line(&"e\u{301}".repeat(200), 200).is_some());
        assert!(one_line(&"e\u{301}".repeat(201), 200).is_none());
        assert!(lines(&"e\u{301}".repeat(4), 4).is_some());
    }

    #[test]
    fn lines_may_contain_line_breaks_and_tabs() {
        assert_eq!(lines("a\r\n\tb\u{308}", 10).as_deref(), Some("a\r\n\tb\u{308}"));
        assert_eq!(lines("u\u{308}", 10).as_deref(), Some("\u{fc}"));
        assert_eq!(lines("", 10).as_deref(), Some(""));
        assert_eq!(lines("a\u{7}", 10), None);
        assert_eq!(lines("a\u{202e}b", 10), None);
    }
}

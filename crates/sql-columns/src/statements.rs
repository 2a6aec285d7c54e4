//! Finds the statements of a source: the SQL of each checked macro, with its arguments.

use super::Source;

const MACROS: &[&str] = &["query!(", "query_as!(", "query_scalar!("];

#[derive(Debug)]
pub struct Statement {
    /// `PATH:LINE` of the macro.
    pub place: String,
    /// Without line breaks: every gap is one space.
    pub sql: String,
    /// The Rust expressions of `$1`, `$2`, …
    pub arguments: Vec<String>,
}

pub fn statements(source: &Source) -> Vec<Statement> {
    let code = without_inline_tests(&source.text);
    let calls = MACROS.iter().flat_map(|name| code.match_indices(name));
    let parsed = calls.filter_map(|(at, name)| {
        let place = format!("{}:{}", source.path, code[..at].lines().count());
        let mut parts = split(&code[at + name.len()..], quoted_rust, &[]).into_iter();
        let sql = parts.find(|part| part.starts_with('"') || part.starts_with("r#\""))?;
        let sql = sql.trim_start_matches("r#").trim_matches('#').trim_matches('"').replace("\\\"", "\"");
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
        Some(Statement { place, sql, arguments: parts.map(str::to_owned).collect() })
    });
    parsed.collect()
}

/// The text without the inline tests, which are at the end of a file.
fn without_inline_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
}

/// The items of the SQL list that `text` begins with, up to one of `ends`.
pub fn sql_list<'a>(text: &'a str, ends: &[&str]) -> Vec<&'a str> {
    split(text, quoted_sql, ends)
}

/// Splits at the commas outside of brackets and quotes. Ends before one of `ends`, or the bracket that was opened before.
fn split<'a>(text: &'a str, quoted: fn(&str) -> usize, ends: &[&str]) -> Vec<&'a str> {
    let (mut items, mut depth, mut begin, mut at) = (Vec::new(), 0, 0, 0);
    while let Some(next) = text[at..].chars().next() {
        match next {
            ')' | ']' | '}' if depth == 0 => break,
            _ if depth == 0 && ends.iter().any(|end| text[at..].starts_with(end)) => break,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(text[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
        at += quoted(&text[at..]).max(next.len_utf8());
    }
    items.push(text[begin..at].trim());
    items.retain(|item| !item.is_empty());
    items
}

/// The length of the string literal at the start of `text`, zero if there is none.
fn quoted_rust(text: &str) -> usize {
    if let Some(raw) = text.strip_prefix("r#\"") {
        return raw.find("\"#").map_or(0, |end| end + "r#\"\"#".len());
    }
    let Some(literal) = text.strip_prefix('"') else { return 0 };
    let is_end = |(at, _): &(usize, &str)| !literal[..*at].ends_with('\\');
    literal.match_indices('"').find(is_end).map_or(0, |(end, _)| end + "\"\"".len())
}

fn quoted_sql(text: &str) -> usize {
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"'));
    quote.and_then(|quote| text[1..].find(quote)).map_or(0, |end| end + "''".len())
}

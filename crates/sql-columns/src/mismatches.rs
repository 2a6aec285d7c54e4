//! Compares the name of each written column with the names of its expression in SQL and of its argument in Rust.

use super::statements::{Statement, sql_list};

const LIST_ENDS: &[&str] =
    &[" FROM ", " WHERE ", " GROUP BY ", " ORDER BY ", " LIMIT ", " FOR ", " ON CONFLICT", " RETURNING "];
/// Written into several columns, none of which has its name.
const UNNAMED_ARGUMENTS: &[&str] = &["now"];

/// A text for each name that differs.
pub fn mismatches(statement: &Statement) -> Vec<String> {
    let mut written = Vec::new();
    let mut found = Vec::new();
    for result in [arrays(&statement.sql), inserted(&statement.sql), updated(&statement.sql)].into_iter().flatten() {
        match result {
            Ok((column, expression)) => written.extend(parameter(expression).map(|number| (number, column))),
            Err(mismatch) => found.push(mismatch),
        }
    }
    let arguments = statement.arguments.iter().enumerate();
    found.extend(arguments.filter_map(|(index, argument)| {
        let mut columns =
            written.iter().filter(|(number, _)| *number == index + 1).map(|(_, column)| *column).peekable();
        let is_named = columns.peek().is_none() || columns.any(|column| has_word(argument, column));
        let is_named = is_named || UNNAMED_ARGUMENTS.contains(&argument.as_str());
        (!is_named).then(|| format!("argument {} is `{argument}`", index + 1))
    }));
    found.into_iter().map(|mismatch| format!("{}: {mismatch}", statement.place)).collect()
}

/// A column and the expression that is written into it, or how their names differ.
type Written<'a> = Result<(&'a str, &'a str), String>;

/// `unnest($1::type[]) AS name`
fn arrays(sql: &str) -> Vec<Written<'_>> {
    let lower = sql.to_ascii_lowercase();
    let calls = lower.match_indices("unnest(").map(|(at, call)| {
        let arrays = sql_list(&sql[at + call.len()..], &[]);
        let item = sql_list(&sql[at..], LIST_ENDS).first().copied().unwrap_or_default();
        match item.rsplit_once(" AS ") {
            Some((array, name)) if arrays.len() == 1 && is_word(name) => Ok((name, array)),
            _ => Err(format!("`{item}` is not one array with a name")),
        }
    });
    calls.collect()
}

/// `INSERT INTO table (columns) VALUES (…)` or `SELECT …`
fn inserted(sql: &str) -> Vec<Written<'_>> {
    sql.split("INSERT INTO ").skip(1).flat_map(insert).collect()
}

fn insert(sql: &str) -> Vec<Written<'_>> {
    let Some((_table, rest)) = sql.split_once('(') else { return Vec::new() };
    let columns = sql_list(rest, &[]);
    let rest = rest.split_once(") ").map_or("", |(_, rest)| rest);
    let (items, must_have_names) = match (rest.strip_prefix("VALUES ("), rest.strip_prefix("SELECT ")) {
        (Some(values), _) => (sql_list(values, &[]), false),
        (_, Some(list)) => (sql_list(list, LIST_ENDS), true),
        _ => return vec![Err(format!("`{rest}` is neither VALUES nor SELECT"))],
    };
    if items.len() != columns.len() {
        return vec![Err(format!("{items:?} for the columns {columns:?}"))];
    }
    let pairs = columns.into_iter().zip(items);
    pairs.map(|(column, item)| named(column, item, must_have_names)).collect()
}

/// `SET column = expression`. An expression that is only a column must be the one of that name.
fn updated(sql: &str) -> Vec<Written<'_>> {
    let items = sql.split(" SET ").skip(1).flat_map(|list| sql_list(list, LIST_ENDS));
    let pairs = items.filter_map(|item| item.split_once(" = "));
    pairs.map(|(column, expression)| named(column, expression, expression.contains('.'))).collect()
}

fn named<'a>(column: &'a str, item: &'a str, must_have_name: bool) -> Written<'a> {
    let (expression, alias) = item.rsplit_once(" AS ").map_or((item, None), |(left, name)| (left, Some(name)));
    let uncast = expression.split_once("::").map_or(expression, |(column, _type)| column);
    let own = uncast.rsplit_once('.').map_or(uncast, |(_table, column)| column);
    let is_column = uncast.split('.').all(is_word);
    match alias.or(is_column.then_some(own)) {
        Some(name) if name != column && (must_have_name || alias.is_some()) => Err(format!("`{item}` for {column}")),
        None if must_have_name && alias.is_none() && !expression.contains(' ') => Err(format!("`{item}` for {column}")),
        _ => Ok((column, expression)),
    }
}

/// The number of the parameter that is the whole expression, an array that is unnested, or a new value if there is one.
fn parameter(expression: &str) -> Option<usize> {
    let wrapped = ["unnest(", "COALESCE("].iter().find_map(|call| expression.strip_prefix(call));
    let number = wrapped.unwrap_or(expression).strip_prefix('$')?;
    let (number, rest) = number.split_at(number.find(|next: char| !next.is_ascii_digit()).unwrap_or(number.len()));
    (wrapped.is_some() || !rest.contains(' ')).then(|| number.parse().ok()).flatten()
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(is_word_part)
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|next| !is_word_part(next)).any(|part| part == word)
}

fn is_word_part(next: char) -> bool {
    next.is_ascii_alphanumeric() || next == '_'
}

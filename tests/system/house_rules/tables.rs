//! Which files may contain SQL, and which tables each crate may use.

use super::sources::{Source, root, rust, sources};
use std::collections::{BTreeMap, BTreeSet};

/// This crate reads the tables of all schemas, for `orderctl verify` and for metrics.
const READER_OF_ALL: &str = "operations";
/// This crate checks the SQL of the others and names its macros.
const CHECKER: &str = "sql-columns";
const CHECKED: &[&str] = &["query!(", "query_as!(", "query_scalar!("];
const UNCHECKED: &[&str] = &["sqlx::query(", "sqlx::query_as(", "sqlx::query_scalar(", "QueryBuilder"];

#[test]
fn sql_is_in_stores_and_in_the_outbox_and_inbox_only() {
    let strays = rust().into_iter().filter(|source| source.path.starts_with("crates/") && !source.is_test());
    let strays = strays.filter(|source| source.crate_name() != CHECKER);
    let strays = strays.filter(|source| !may_hold_sql(&source.path) && holds_sql(source.without_inline_tests()));
    let strays: Vec<_> = strays.map(|source| source.path).collect();
    assert!(strays.is_empty(), "SQL outside of a store: {strays:?}");
}

/// Behind a connection pooler every statement needs a transaction, so none is executed by the pool itself.
#[test]
fn statements_run_on_connections_and_not_on_pools() {
    let calls = [".execute(", ".fetch_one(", ".fetch_optional(", ".fetch_all(", ".fetch("];
    let on_pool = |code: &str| {
        let rests = calls.iter().flat_map(|call| code.split(call).skip(1));
        let is_path = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || "&._".contains(letter));
        let mut arguments = rests.filter_map(|rest| rest.split_once(')')).map(|(argument, _)| argument);
        arguments.any(|argument| is_path(argument) && argument.ends_with("pool"))
    };
    let product = rust().into_iter().filter(|source| source.path.starts_with("crates/") && !source.is_test());
    let strays: Vec<_> =
        product.filter(|source| on_pool(source.without_inline_tests())).map(|source| source.path).collect();
    assert!(strays.is_empty(), "use platform::postgres::reader or writer: {strays:?}");
}

#[test]
fn every_crate_with_checked_sql_compares_its_columns_when_it_is_built() {
    let crates = rust()
        .into_iter()
        .filter(|source| !source.is_test() && CHECKED.iter().any(|mark| source.without_inline_tests().contains(mark)));
    let crates: BTreeSet<_> =
        crates.map(|source| source.crate_name().to_owned()).filter(|name| name != CHECKER).collect();
    let is_checked = |name: &String| {
        let script = std::fs::read_to_string(root().join(format!("crates/{name}/build.rs"))).unwrap_or_default();
        script.contains("sql_columns::check()")
    };
    let unchecked: Vec<_> = crates.iter().filter(|name| !is_checked(name)).collect();
    assert!(unchecked.is_empty(), "without `sql_columns::check()` in build.rs: {unchecked:?}");
}

#[test]
fn no_crate_names_a_table_of_another() {
    let tables = tables();
    let mut strays = Vec::new();
    for source in rust().iter().filter(|source| source.path.starts_with("crates/") && may_hold_sql(&source.path)) {
        let foreign = tables
            .iter()
            .filter(|(_table, owner)| *owner != source.crate_name() && source.crate_name() != READER_OF_ALL);
        let named = foreign.filter(|(table, _owner)| names(source, table));
        strays.extend(named.map(|(table, _owner)| format!("{} names {table}", source.path)));
    }
    assert!(strays.is_empty(), "slices communicate with messages, not through tables: {strays:?}");
}

#[test]
fn no_foreign_key_joins_two_schemas() {
    for migration in sources("migrations", &["sql"]) {
        let own = schema_of(&migration.text);
        for target in migration.text.split("REFERENCES ").skip(1) {
            assert!(target.starts_with(&own), "{}: a foreign key to another schema", migration.path);
        }
    }
}

fn may_hold_sql(path: &str) -> bool {
    let in_store = path.ends_with("/store.rs") || path.contains("/store/");
    // The settings of a session: no table.
    let about_sessions =
        ["session.rs", "process_role.rs"].iter().any(|file| path == format!("crates/platform/src/postgres/{file}"));
    in_store
        || about_sessions
        || path.starts_with("crates/messaging/src/outbox/")
        || path == "crates/messaging/src/inbox.rs"
}

fn holds_sql(code: &str) -> bool {
    CHECKED.iter().chain(UNCHECKED).any(|mark| code.contains(mark))
}

/// Whether the text contains `schema.table`, and not only as a prefix of a longer name or in the path of a Rust item.
fn names(source: &Source, table: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_' || next == ':');
    source.text.match_indices(table).any(|(begin, found)| ends(&source.text[begin + found.len()..]))
}

/// Every table with the crate that owns its schema. The schema is named after the crate.
fn tables() -> BTreeMap<String, String> {
    let mut tables = BTreeMap::new();
    for migration in sources("migrations", &["sql"]) {
        for declared in migration.text.split("CREATE TABLE ").skip(1) {
            let table = declared.split([' ', '(', '\n']).next().unwrap_or_default();
            let (schema, _name) = table.split_once('.').expect("every table is in a schema");
            tables.insert(table.to_owned(), schema.to_owned());
        }
    }
    tables
}

fn schema_of(migration: &str) -> String {
    let declared = migration.split("CREATE SCHEMA ").nth(1).or_else(|| migration.split("ALTER TABLE ").nth(1));
    declared.and_then(|rest| rest.split([';', '.']).next()).unwrap_or_default().to_owned()
}

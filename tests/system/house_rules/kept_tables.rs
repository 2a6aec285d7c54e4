//! The README says of every table how long its rows are kept.

use super::sources::root;
use std::collections::BTreeSet;
use system_tests::database::Database;

#[tokio::test]
async fn the_readme_says_what_every_table_grows_by_and_how_long_it_is_kept() {
    let database = Database::create("kept_tables").await;
    let all = "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
                WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')";
    let tables: Vec<String> = sqlx::query_scalar(all).fetch_all(&database.pool).await.expect("the tables");
    database.remove().await;

    let listed: Vec<_> = listed();
    for (table, cells) in &listed {
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{table} has an empty cell");
    }
    let listed: BTreeSet<_> = listed.into_iter().map(|(table, _)| table).collect();
    assert_eq!(listed, tables.into_iter().collect());
}

/// The rows of the table below "Tables": the name, and what the table holds, grows by and is kept for.
fn listed() -> Vec<(String, [String; 3])> {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let (_, section) = readme.split_once("### Tables\n").expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let row = |line: &str| {
        let (table, rest) = line.split_once("` | ").expect("a name");
        let cells: Vec<_> = rest.trim_end_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
        (table.to_owned(), cells.try_into().expect("three more cells"))
    };
    rows.map(row).collect()
}

//! Each place where a column can be swapped.

use super::{Source, mismatches, statements};

#[test]
fn two_swapped_columns_are_found_wherever_they_are_swapped() {
    let insert = "query!(\"INSERT INTO t (sku, name, at) SELECT n.sku, n.name, $3 AS at
        FROM (SELECT unnest($1::text[]) AS sku, unnest($2::text[]) AS name) AS n\", &x.sku as &[&str], &x.name, now)";
    let values = "query!(\"INSERT INTO t (sku, name) VALUES ($1, $2)\", line.sku.as_str(), name)";
    let update = "query!(\"UPDATE t SET sku = n.sku, name = $1 FROM n WHERE id = $2\", name, id)";
    for (statement, one, other) in [
        (insert, "(sku, name, at)", "(name, sku, at)"),
        (insert, "n.sku, n.name", "n.name, n.sku"),
        (insert, "n.sku, n.name", "n.*"),
        (insert, "unnest($1::text[]) AS sku, unnest($2::text[])", "unnest($2::text[]) AS sku, unnest($1::text[])"),
        (insert, "(SELECT unnest($1::text[]) AS sku, unnest($2::text[]) AS name)", "unnest($1::text[], $2::text[])"),
        (insert, "&x.sku as &[&str], &x.name", "&x.name, &x.sku as &[&str]"),
        (values, "(sku, name)", "(name, sku)"),
        (values, "line.sku.as_str(), name", "name, line.sku.as_str()"),
        (update, "n.sku", "n.name"),
        (update, "name, id", "sku, id"),
    ] {
        assert_eq!(found(statement), Vec::<String>::new(), "{statement}");
        assert!(!found(&statement.replace(one, other)).is_empty(), "{other} in {statement}");
    }
}

fn found(code: &str) -> Vec<String> {
    let source = Source { path: "src/store.rs".to_owned(), text: code.to_owned() };
    statements(&source).iter().flat_map(mismatches).collect()
}

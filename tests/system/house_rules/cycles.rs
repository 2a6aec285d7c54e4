//! Sibling modules do not depend on each other in a cycle: not in a crate, and not in a folder of modules.
//!
//! Dependencies are read from `use` lines. A path that ends in a re-export counts as a path to the module that is
//! re-exported. Those between a module and its own children do not count.

use super::sources::{Source, sources};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The path of a module from the root of its crate; empty for the root.
type Path = Vec<String>;
/// The modules of one crate.
type Modules = BTreeMap<Path, Module>;
/// The siblings that each module depends on, with the files that say so.
type Edges = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// A re-export may lead to another one, but not through more modules than this.
const RE_EXPORTS_MAX: u8 = 4;

#[derive(Debug, Default)]
struct Module {
    file: String,
    imports: Vec<Import>,
}

/// One name that a module imports, as `use` spells its path.
#[derive(Debug, PartialEq, Eq)]
struct Import {
    path: Path,
    /// The last part of the path, or the name after `as`.
    name: String,
}

#[test]
fn no_modules_depend_on_each_other_in_a_cycle() {
    let mut crates: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    for source in sources("crates", &["rs"]) {
        if !source.is_test() && source.path.split('/').nth(2) == Some("src") {
            crates.entry(source.crate_name().to_owned()).or_default().push(source);
        }
    }
    let found: Vec<String> = crates.values().flat_map(|files| cycles(&modules(files))).collect();
    assert!(found.is_empty(), "move what both sides need into a module below them:\n{}", found.join("\n"));
}

#[test]
fn a_cycle_is_found_with_the_files_of_each_of_its_edges() {
    let found = cycles(&modules(&[
        file("lib.rs", "mod list;\nmod prune;\nmod store;"),
        file("list.rs", "use crate::store;\n\npub struct Page;"),
        file("prune.rs", "use super::store::{self, rows};"),
        file("store/mod.rs", "pub mod rows;\n\npub use rows::Row;"),
        file("store/rows.rs", "use crate::{\n    list::Page as Found,\n    other::Thing,\n};"),
    ]));

    let cycle = "shop
  list -> store: crates/shop/src/list.rs uses crates/shop/src/store/mod.rs
  store -> list: crates/shop/src/store/rows.rs uses crates/shop/src/list.rs";
    assert_eq!(found, [cycle]);
}

#[test]
fn a_re_export_leads_to_the_module_that_owns_the_name() {
    let found = cycles(&modules(&[
        file(
            "store/mod.rs",
            "mod lines;\nmod orders;\n\npub use lines::Line;\npub use orders::{Order as Stored, find};",
        ),
        file("store/lines.rs", "use super::Stored;"),
        file("store/orders.rs", "use crate::store::Line;"),
    ]));

    let cycle = "shop::store
  lines -> orders: crates/shop/src/store/lines.rs uses crates/shop/src/store/orders.rs
  orders -> lines: crates/shop/src/store/orders.rs uses crates/shop/src/store/lines.rs";
    assert_eq!(found, [cycle]);
}

#[test]
fn parents_children_and_tests_make_no_cycle() {
    let found = cycles(&modules(&[
        file("store/mod.rs", "mod rows;\nuse self::rows::Row;\nuse crate::views::View;"),
        file("store/rows.rs", "use super::limit;"),
        file("views.rs", "use domain::Order;\n\n#[cfg(test)]\nmod tests {\n    use crate::store;\n}"),
    ]));

    assert_eq!(found, Vec::<String>::new());
}

fn file(path: &str, text: &str) -> Source {
    Source { path: format!("crates/shop/src/{path}"), text: text.to_owned() }
}

fn modules(files: &[Source]) -> Modules {
    let mut modules = Modules::new();
    for source in files {
        let path = source.path.split('/').skip(3).collect::<Vec<_>>().join("/");
        let mut path: Path = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if path.last().is_some_and(|name| matches!(name.as_str(), "mod" | "lib" | "main")) {
            path.pop();
        }
        // A library and a program of one crate share their root.
        let module = modules.entry(path).or_default();
        module.file.clone_from(&source.path);
        module.imports.extend(imports(&source.text));
    }
    modules
}

/// The cycles among the modules of one crate, each with its edges and their files.
fn cycles(modules: &Modules) -> Vec<String> {
    let all = modules.iter().flat_map(|(path, module)| dependencies(modules, path, module));
    let all: Vec<(&Path, &Path)> = all.collect();
    let folders: BTreeSet<&[String]> =
        modules.keys().filter_map(|path| path.split_last()).map(|(_name, folder)| folder).collect();
    let mut found = Vec::new();
    for folder in folders {
        let edges = edges(modules, &all, folder);
        let cycles: BTreeSet<Vec<&str>> = edges.keys().filter_map(|start| shortest_cycle(&edges, start)).collect();
        found.extend(cycles.iter().map(|cycle| describe(modules, folder, &edges, cycle)));
    }
    found
}

/// The modules that module `path` imports from, each after `path` itself.
fn dependencies<'a>(modules: &'a Modules, path: &'a Path, module: &'a Module) -> Vec<(&'a Path, &'a Path)> {
    let targets = module.imports.iter().filter_map(|import| resolve(modules, path, &import.path, 0));
    targets.map(|target| (path, target)).collect()
}

/// The module that a path leads to, as it is written in module `base`. `None` for a path into another crate.
fn resolve<'a>(modules: &'a Modules, base: &[String], path: &[String], re_exports: u8) -> Option<&'a Path> {
    let (mut start, mut rest) = (base.to_vec(), path);
    while let Some((first, later)) = rest.split_first() {
        match first.as_str() {
            "crate" => start.clear(),
            "super" => drop(start.pop()),
            "self" => {}
            _ => break,
        }
        rest = later;
    }
    let is_relative = rest.len() == path.len();
    if is_relative && !modules.contains_key(&[base, &path[..1]].concat()) {
        return None;
    }
    follow(modules, start, rest, re_exports)
}

/// Follows `rest` from module `full`: into children as far as they go, then through a re-export.
fn follow<'a>(modules: &'a Modules, mut full: Path, rest: &[String], re_exports: u8) -> Option<&'a Path> {
    let mut rest = rest.iter();
    let mut name = rest.next();
    while let Some(part) = name {
        full.push(part.clone());
        if !modules.contains_key(&full) {
            full.pop();
            break;
        }
        name = rest.next();
    }
    let (path, module) = modules.get_key_value(&full)?;
    let re_export = name.filter(|_| re_exports < RE_EXPORTS_MAX);
    let import = re_export.and_then(|name| module.imports.iter().find(|import| import.name == *name));
    import.and_then(|import| resolve(modules, path, &import.path, re_exports + 1)).or(Some(path))
}

/// The dependencies among the modules directly in `folder`. A file below one of them counts as that module.
fn edges(modules: &Modules, all: &[(&Path, &Path)], folder: &[String]) -> Edges {
    let mut edges = Edges::new();
    for (path, target) in all {
        let (Some([from, ..]), Some([to, ..])) = (path.strip_prefix(folder), target.strip_prefix(folder)) else {
            continue;
        };
        if from != to {
            let files = format!("{} uses {}", modules[*path].file, modules[*target].file);
            edges.entry(from.clone()).or_default().entry(to.clone()).or_default().insert(files);
        }
    }
    edges
}

/// The shortest cycle through `start`, beginning with the first of its names, so that it is the same for each of them.
fn shortest_cycle<'a>(edges: &'a Edges, start: &'a str) -> Option<Vec<&'a str>> {
    let (mut reached, mut queue) = (BTreeSet::new(), VecDeque::from([vec![start]]));
    while let Some(path) = queue.pop_front() {
        let last = path.last().copied().unwrap_or(start);
        for next in edges.get(last).into_iter().flat_map(BTreeMap::keys).map(String::as_str) {
            if next == start {
                let first = (0..path.len()).min_by_key(|index| path[*index]).unwrap_or_default();
                return Some([&path[first..], &path[..first]].concat());
            }
            if reached.insert(next) {
                queue.push_back([path.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

fn describe(modules: &Modules, folder: &[String], edges: &Edges, cycle: &[&str]) -> String {
    let name = modules.values().next().map_or("", |module| module.file.split('/').nth(1).unwrap_or_default());
    let folder: Vec<&str> = std::iter::once(name).chain(folder.iter().map(String::as_str)).collect();
    let nexts = cycle.iter().cycle().skip(1);
    let edges = cycle.iter().zip(nexts).map(|(from, to)| {
        let files: Vec<&str> = edges[*from][*to].iter().map(String::as_str).collect();
        format!("\n  {from} -> {to}: {}", files.join(", "))
    });
    format!("{}{}", folder.join("::"), edges.collect::<String>())
}

/// What the `use` lines of a file import, without those of its inline tests.
fn imports(text: &str) -> Vec<Import> {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut imports = Vec::new();
    let mut lines = product.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(start) = after_use(line) else { continue };
        let mut tree = start.to_owned();
        while !tree.contains(';') {
            let Some(line) = lines.next() else { break };
            tree.push_str(line);
        }
        expand(tree.split(';').next().unwrap_or_default(), &[], &mut imports);
    }
    imports
}

/// The text after `use`, with or without a visibility before it.
fn after_use(line: &str) -> Option<&str> {
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(')')?.1.trim_start(),
        Some(rest) => rest.trim_start(),
        None => line,
    };
    line.strip_prefix("use ")
}

/// Adds every name of a `use` tree: `a::{b, c::d as e}` has two.
fn expand(tree: &str, prefix: &[String], imports: &mut Vec<Import>) {
    if let Some((head, list)) = tree.split_once('{') {
        let prefix: Path = prefix.iter().cloned().chain(parts(head)).collect();
        let list = list.trim_end().strip_suffix('}').unwrap_or(list);
        for tree in split_list(list) {
            expand(tree, &prefix, imports);
        }
        return;
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let path: Path = prefix.iter().cloned().chain(parts(path)).collect();
    if let Some(name) = alias.map(str::to_owned).or_else(|| path.last().cloned()) {
        imports.push(Import { path, name });
    }
}

fn parts(path: &str) -> impl Iterator<Item = String> {
    path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned)
}

/// Splits at the commas that are not in a list of their own.
fn split_list(list: &str) -> Vec<&str> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&list[start..]);
    items.into_iter().map(str::trim).filter(|item| !item.is_empty()).collect()
}

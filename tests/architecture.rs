// SPDX-License-Identifier: MPL-2.0

//! Checks ARCHITECTURE.md: which module imports which, and that the named files exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md")
}

/// A row of one of the tables of modules.
struct Row {
    module: String,
    imports: BTreeSet<String>,
}

/// The words in backticks.
fn code(cell: Option<&str>) -> impl Iterator<Item = &str> {
    cell.unwrap_or_default().split('`').skip(1).step_by(2)
}

/// The rows of the table that follows a line containing `before`.
fn table(page: &str, before: &str) -> Vec<Row> {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("ARCHITECTURE.md lacks {before:?}"));
    let rows = rest.lines().skip_while(|line| !line.starts_with("| `")).take_while(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.split('|').skip(1);
        let module = code(cells.next()).next().expect("a module").to_owned();
        Row { module, imports: code(cells.next()).map(str::to_owned).collect() }
    })
    .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

/// The names after `crate::` in a file, without comments and tests.
fn imported(text: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (index, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                ',' if depth == 0 => {
                    names.insert(name(&group[start..index]));
                    start = index + 1;
                }
                '}' if depth == 0 => {
                    names.insert(name(&group[start..index]));
                    break;
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    names.remove("");
    names
}

/// Compares a table with the sources in a folder; `helpers` may be used everywhere.
fn check(before: &str, folder: &str, helpers: &[&str]) {
    let page = page();
    let rows = table(&page, before);
    let folder = root().join(folder);
    let mut files = Vec::new();
    sources(&folder, &mut files);
    let module = |file: &Path| {
        let first = file.strip_prefix(&folder).expect("below the folder").iter().next().expect("a name");
        first.to_string_lossy().trim_end_matches(".rs").to_owned()
    };
    let listed: Vec<_> = rows.iter().map(|row| row.module.as_str()).collect();
    for file in &files {
        let module = module(file);
        assert!(module == "lib" || listed.contains(&module.as_str()), "ARCHITECTURE.md lacks the module {module}");
    }
    for (index, Row { module: name, imports }) in rows.iter().enumerate() {
        let own: Vec<_> = files.iter().filter(|file| module(file) == *name).collect();
        assert!(!own.is_empty(), "ARCHITECTURE.md has a module {name}, which does not exist");
        let mut found = BTreeSet::new();
        for file in own {
            let text = std::fs::read_to_string(file).expect("a source");
            found.extend(imported(&text).into_iter().filter(|other| other != name));
        }
        // Everything else is an item of lib.rs.
        found.retain(|other| listed.contains(&other.as_str()) && !helpers.contains(&other.as_str()));
        assert_eq!(*imports, found, "what {name} imports: ARCHITECTURE.md (left) and its files (right) differ");
        for other in imports {
            assert!(listed[..index].contains(&other.as_str()), "{name} imports {other}, which must be above it");
        }
    }
}

#[test]
fn the_engine_modules_import_what_the_table_lists() {
    check("The engine, `src/`:", "src", &[]);
}

#[test]
fn the_plugin_modules_import_what_the_table_lists() {
    check("The plugin, `plugins/onnxiqa/src/`.", "plugins/onnxiqa/src", &["lock", "period", "describe"]);
}

#[test]
fn named_files_exist() {
    let page = page();
    let roots = ["", "src", "plugins/onnxiqa/src", "cli/src"].map(|folder| root().join(folder));
    let words = page.split(|c: char| c.is_whitespace() || "`(),:;|→".contains(c));
    let files: BTreeSet<_> = words.filter(|word| word.contains('/') && word.ends_with(".rs")).collect();
    assert!(files.len() > 30, "{files:?}");
    for file in files {
        assert!(
            roots.iter().any(|root| root.join(file).is_file()),
            "ARCHITECTURE.md names {file}, which does not exist"
        );
    }
}

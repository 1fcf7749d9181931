// SPDX-License-Identifier: MPL-2.0

//! The contracts in the documentation are valid, and the documented defaults are those of the code.

use std::path::Path;

use onnx_iqa::model::contract::Contract;

/// The fenced `toml` blocks of a Markdown file that are complete contracts.
fn contracts(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.starts_with("contract =")).map(str::to_owned).collect()
}

#[test]
fn shown_contracts_are_read() {
    for (file, count) in [("README.md", 1), ("src/README.md", 1), ("docs/model-contract.md", 3)] {
        let contracts = contracts(file);
        assert!(contracts.len() >= count, "{file} shows {} contracts", contracts.len());
        for text in contracts {
            if let Err(error) = Contract::parse(&text) {
                panic!("{file}: {error}\n{text}");
            }
        }
    }
}

/// The rows of the table under the heading that starts with `heading`: each row's first cell, and its second if that is
/// code.
fn defaults(heading: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/model-contract.md");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let from = text.find(&format!("\n## {heading}")).unwrap_or_else(|| panic!("no heading {heading}"));
    let section = text[from + 1..].split("\n## ").next().unwrap_or_default();
    let code = |cell: &str| Some(cell.trim().strip_prefix('`')?.strip_suffix('`')?.to_owned());
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split(" | ");
        Some((code(cells.next()?)?, code(cells.next()?)?))
    };
    section.lines().filter_map(row).collect()
}

/// The contract with these lines in its input and its geometry.
fn contract(input: &str, geometry: &str) -> Result<Contract, String> {
    let text = format!(
        "contract = 1\nname = \"a\"\nkind = \"no-reference\"\n[[input]]\ntensor = \"x\"\n{input}\n\
         [geometry]\n{geometry}\n[output]\ntensor = \"y\"\nworst = 0.0\nbest = 1.0\n"
    );
    Contract::parse(&text).map_err(|error| error.to_string())
}

#[test]
fn documented_defaults_are_those_of_the_code() {
    // Some keys are allowed, or have an effect, only together with others.
    let beside = ["", "resize = [8, 8]", "crop = [4, 4]", "crop = [4, 4]\nsampling = \"random\""];
    let mut checked = Vec::new();
    for (key, default) in defaults("`[geometry]`") {
        let line = format!("{key} = {default}");
        let written = beside.iter().find_map(|others| Some((others, contract("", &format!("{others}\n{line}")).ok()?)));
        let (others, written) = written.unwrap_or_else(|| panic!("{line} is allowed nowhere"));
        assert_eq!(written, contract("", others).unwrap(), "the default of {key} is not {default}");
        checked.push(key);
    }
    for (key, default) in defaults("`[[input]]`") {
        let line = format!("{key} = {default}");
        assert_eq!(contract(&line, ""), contract("", ""), "the default of {key} is not {default}");
        checked.push(key);
    }
    let geometry = ["filter", "antialias", "round", "crops", "sampling", "seed", "small", "crops-axis"];
    assert_eq!(checked, [&geometry[..], &["role", "layout", "channels"]].concat());
}

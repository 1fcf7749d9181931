// SPDX-License-Identifier: MPL-2.0

//! The contracts that the documentation shows are contracts.

use std::path::Path;

use onnx_iqa::model::contract::Contract;

/// The fenced `toml` blocks of a Markdown file that are whole contracts.
fn contracts(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.starts_with("contract =")).map(str::to_owned).collect()
}

#[test]
fn shown_contracts_are_read() {
    for (file, count) in [("README.md", 1), ("docs/model-contract.md", 2)] {
        let contracts = contracts(file);
        assert!(contracts.len() >= count, "{file} shows {} contracts", contracts.len());
        for text in contracts {
            if let Err(error) = Contract::parse(&text) {
                panic!("{file}: {error}\n{text}");
            }
        }
    }
}

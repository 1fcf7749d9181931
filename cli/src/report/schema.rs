// SPDX-License-Identifier: MPL-2.0

//! The published schema of `report.json` is that of the data.

use super::data::Report;
use std::path::Path;

/// Set to write the file anew.
const UPDATE: &str = "ONNX_IQA_UPDATE";

#[test]
fn the_published_schema_is_that_of_the_data() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/report.schema.json");
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Report)).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, &schema).unwrap();
    }
    let published = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(published == schema, "it is another one: run this test with {UPDATE}=1 to write {}", file.display());
}

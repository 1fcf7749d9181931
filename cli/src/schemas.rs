// SPDX-License-Identifier: MPL-2.0

//! Published schemas are those of the data.

use schemars::{JsonSchema, schema_for};
use std::path::Path;

/// Set to write the files anew.
const UPDATE: &str = "ONNX_IQA_UPDATE";

fn check<T: JsonSchema>(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    let schema = serde_json::to_string_pretty(&schema_for!(T)).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, &schema).unwrap();
    }
    let published = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(published == schema, "it is another one: run this test with {UPDATE}=1 to write {}", file.display());
}

#[test]
fn of_reports() {
    check::<crate::report::data::Report>("report.schema.json");
}

#[cfg(feature = "watch")]
#[test]
fn of_the_configuration_of_watch() {
    check::<crate::watch::config::File>("watch.schema.json");
}

// SPDX-License-Identifier: MPL-2.0

//! Checks the published schemas against the data types.

use schemars::{JsonSchema, schema_for};
use std::path::Path;

/// Environment variable that makes the tests write the files.
const UPDATE: &str = "ONNX_IQA_UPDATE";

fn check<T: JsonSchema>(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    let schema = serde_json::to_string_pretty(&schema_for!(T)).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, &schema).unwrap();
    }
    let published = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(published == schema, "{0} is out of date: run this test with {UPDATE}=1 to write it", file.display());
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

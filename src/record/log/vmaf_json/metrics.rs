// SPDX-License-Identifier: MPL-2.0

//! The names of fields in a document: libvmaf's if they are the same number.

use crate::metrics::{MEASURES, NoReferenceMeasures};
use crate::record::{FrameRecord, Value};
use serde_json::{Map, Value as Json};

pub(super) const ATTRIBUTES: &str = "attributes";

/// The fields whose values libvmaf limits.
const CUT: [&str; 3] = ["psnr-y", "psnr-cb", "psnr-cr"];

/// The limit of a field in a document: libvmaf limits the PSNR of a plane of n bits to 6n + 12 dB.
pub(in super::super) fn most(field: &str, depth: Option<u64>) -> f64 {
    match depth {
        Some(depth) if CUT.contains(&field) => 6.0 * depth as f64 + 12.0,
        _ => f64::INFINITY,
    }
}

/// The name of a field that is a metric: for the score its model's name, otherwise that of the measure. `None` for
/// values beside the metrics, so that a mean over all metrics is one of measurements.
pub(super) fn metric(field: &str, model: Option<&str>) -> Option<String> {
    match field {
        "score" => Some(model.filter(|model| !model.is_empty()).unwrap_or(field).to_owned()),
        "ms-ssim" => Some("float_ms_ssim".to_owned()),
        // In libvmaf 1's logs `psnr` is luma alone, and readers take it for `psnr_y`.
        "psnr" => Some("psnr_avg".to_owned()),
        _ => {
            let fields = MEASURES.iter().flat_map(|measure| measure.fields.iter().copied());
            let mut fields = fields.chain(NoReferenceMeasures::ALL.fields());
            fields.any(|known| known.name == field).then(|| detail(field))
        }
    }
}

/// The name of any other number.
pub(super) fn detail(field: &str) -> String {
    field.replace('-', "_")
}

/// The name of a model's attribute.
pub(super) fn attribute(name: &str) -> String {
    format!("{ATTRIBUTES}_{name}")
}

/// The numbers of a frame.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// Measurements.
    pub metrics: Map<String, Json>,
    /// Other values: how far a pair can be trusted, a model's raw output.
    pub details: Map<String, Json>,
}

impl Numbers {
    /// Adds a record's numbers. Times are integers and are omitted.
    pub fn add(&mut self, prefix: &str, record: &FrameRecord) {
        for (name, value) in record.fields() {
            match value {
                Value::Double(number) => match metric(name, record.model.as_deref()) {
                    Some(metric) => {
                        let number = number.min(most(name, record.depth));
                        self.metrics.insert(format!("{prefix}{metric}"), number.into());
                    }
                    None => {
                        self.details.insert(format!("{prefix}{}", detail(name)), number.into());
                    }
                },
                Value::Values(values) if name == ATTRIBUTES => {
                    let numbers = values.into_iter().filter_map(|(name, v)| Some((name, f64::try_from(v).ok()?)));
                    let named = numbers.map(|(name, number)| (format!("{prefix}{}", attribute(&name)), number.into()));
                    self.details.extend(named);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What readers take for other metrics: libvmaf 1 wrote `psnr` for `psnr_y`, `ms_ssim` for `float_ms_ssim`.
    #[test]
    fn no_metric_has_an_older_name_of_another() {
        let fields = MEASURES.iter().flat_map(|measure| measure.fields);
        let names: Vec<_> = fields.filter_map(|field| metric(field.name, None)).collect();
        for (older, name) in [("psnr", "psnr_y"), ("ms_ssim", "float_ms_ssim")] {
            assert!(!names.iter().any(|other| other == older), "{names:?}");
            assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{names:?}");
        }
    }
}

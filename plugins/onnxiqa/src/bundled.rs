// SPDX-License-Identifier: MPL-2.0

//! Bundled models as listed by `gst-inspect-1.0`.

/// A model in `models/`; the values match its card and README.md.
pub struct Bundled {
    /// Name of the model and of its folder.
    pub name: &'static str,
    /// Architecture, and where the weights deviate from the paper.
    pub about: &'static str,
    /// Whether the model needs a reference.
    pub full_reference: bool,
    /// Spearman correlation (SROCC) with subjective scores, or with their substitute.
    pub srocc: f64,
    /// Test set of the SROCC.
    pub examination: &'static str,
    /// File size in MB.
    pub megabytes: u32,
    /// Time per 1080p frame on two cores with AVX-512.
    pub milliseconds: u32,
}

/// All bundled models.
pub const BUNDLED: [Bundled; 4] = [
    Bundled {
        name: "metaiqa",
        about: "MetaIQA's network, weights not meta-trained",
        full_reference: false,
        srocc: 0.734,
        examination: "LIVE Challenge, unseen",
        megabytes: 12,
        milliseconds: 64,
    },
    Bundled {
        name: "mt-irn",
        about: "MT-IRN's network",
        full_reference: false,
        srocc: 0.726,
        examination: "LIVE Challenge, unseen",
        megabytes: 41,
        milliseconds: 438,
    },
    Bundled {
        name: "bpclip-nr",
        about: "BPCLIP's network, with a sentence encoder instead of CLIP's text encoder",
        full_reference: false,
        srocc: 0.727,
        examination: "LIVE Challenge, unseen",
        megabytes: 42,
        milliseconds: 230,
    },
    Bundled {
        name: "bpclip-fr",
        about: "BPCLIP's network, with a sentence encoder instead of CLIP's text encoder",
        full_reference: true,
        srocc: 0.906,
        examination: "TID2013 look-alikes",
        megabytes: 34,
        milliseconds: 1137,
    },
];

impl Bundled {
    fn accuracy(&self) -> String {
        format!("SROCC {:.3} on {}", self.srocc, self.examination)
    }
}

/// Lists the bundled models of a kind, one per line, to be appended to a property blurb.
pub fn list(full_reference: bool) -> String {
    let of_kind = BUNDLED.iter().filter(|model| model.full_reference == full_reference);
    let lines = of_kind.map(|model| {
        let Bundled { name, about, megabytes, milliseconds, .. } = model;
        let accuracy = model.accuracy();
        format!(
            "\n{:26}{name}: {about}; {accuracy}; {megabytes} MB; {milliseconds} ms per 1080p frame on two cores",
            ""
        )
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use onnx_iqa::model::Search;
    use std::path::{Path, PathBuf};

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn every_model_of_the_repository_is_listed() {
        let mut search = Search::default();
        search.models = vec![root().join("models")];
        let mut names: Vec<_> = BUNDLED.iter().map(|model| model.name.to_owned()).collect();
        names.sort_unstable();
        assert_eq!(names, search.bundled());
    }

    #[test]
    fn sizes_are_those_of_the_files() {
        for model in BUNDLED {
            let file = root().join("models").join(model.name).join("model.onnx");
            let bytes = std::fs::metadata(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).len();
            assert_eq!((bytes + 500_000) / 1_000_000, u64::from(model.megabytes), "{}", model.name);
        }
    }

    #[test]
    fn the_readme_says_the_same() {
        let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
        for model in BUNDLED {
            let start = format!("| `{}` |", model.name);
            let row = readme.lines().find(|line| line.starts_with(&start));
            let row = row.unwrap_or_else(|| panic!("README.md has no row {start}"));
            let (megabytes, milliseconds) = (model.megabytes, model.milliseconds);
            let figures = [format!("{megabytes} MB"), format!("{milliseconds} ms")];
            for said in [model.about.to_owned(), model.accuracy()].into_iter().chain(figures) {
                assert!(row.contains(&said), "{said} is not in {row}");
            }
        }
    }
}

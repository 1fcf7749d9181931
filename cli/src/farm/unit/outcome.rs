// SPDX-License-Identifier: MPL-2.0

//! Result of a unit, as it is stored.

use crate::compare::{Measured, SourceKnown};
use crate::media::decode::Known;
use crate::media::hash::hex;
use crate::media::remarks::{Remarks, in_words};
use crate::media::tracks::Encoded;
use crate::report::records::Records;
use anyhow::{Context as _, Result};
use onnx_iqa::record::{Finding, Named as _, Summary, Verdict, ledger_counts, set_ledger_count};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Name of the count of the source's frames.
pub const SOURCE_FRAMES: &str = "reference";

/// Result of a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// All but the frames.
    pub head: Head,
    /// The frames of the unit, without those measured around it.
    pub records: Records,
}

/// All of a result but the frames.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Head {
    /// Why the segment cannot be joined with its neighbors: the rendition must be measured as a whole.
    pub misfit: Option<String>,
    /// Last frame before the unit: stream time, and timestamp of its partner.
    pub before: Option<(u64, Option<u64>)>,
    /// First frame after it.
    pub after: Option<(u64, Option<u64>)>,
    /// What the comparison said of it.
    pub summary: Said,
    /// Kinds and texts of warnings and alignment events, without the findings of the summary.
    pub remarks: Vec<(String, String)>,
    /// Why it could not be compared although frames arrived.
    pub failure: Option<String>,
    /// Whether frames were decoded but could not be compared.
    pub not_comparable: bool,
    /// The rendition.
    pub rendition: Stream,
    /// The source.
    pub source: Stream,
}

/// The parts of a [`Summary`] that do not follow from the frames.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Said {
    /// Model name.
    pub model: Option<String>,
    /// Hash of the model file.
    pub model_hash: Option<String>,
    /// Name of the VMAF model.
    pub vmaf_model: Option<String>,
    /// Hash of the VMAF model.
    pub vmaf_model_hash: Option<String>,
    /// Frames with a score of their own, skipped ones and failed ones.
    pub counts: [u64; 3],
    /// Counts of the ledger by name.
    pub ledger: BTreeMap<String, u64>,
    /// Name of the verdict.
    pub verdict: Option<String>,
    /// Kinds and texts of the findings.
    pub findings: Vec<(String, String)>,
}

/// A stream as it was decoded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Stream {
    /// Codec name.
    pub codec: Option<String>,
    /// Caps of the frames.
    pub caps: Option<String>,
    /// Changes made to the frames.
    pub changes: Vec<String>,
    /// Stream time minus running time of the whole stream, in nanoseconds.
    pub stream_offset: i64,
    /// Running time of the first frame, in nanoseconds.
    pub begin: Option<u64>,
    /// End of the stream in running time, as reported or decoded, in nanoseconds.
    pub end: Option<u64>,
    /// Bytes of the video track, its time span and whether this is all of it.
    pub encoded: (u64, Option<(u64, u64)>, bool),
}

impl Stream {
    /// What is known of a stream.
    pub fn of(known: &Known) -> Self {
        let caps = known.info.as_ref().and_then(|info| info.to_caps().ok()).map(|caps| caps.to_string());
        let Encoded { bytes, span, ended } = known.encoded;
        let (codec, changes) = (known.codec.clone(), known.changes.clone());
        Self { codec, caps, changes, encoded: (bytes, span, ended), ..Self::default() }
    }

    /// What is known of a stream.
    pub fn known(&self) -> Known {
        let caps = self.caps.as_deref().and_then(|caps| caps.parse::<gst::Caps>().ok());
        let info = caps.and_then(|caps| gst_video::VideoInfo::from_caps(&caps).ok());
        let (bytes, span, ended) = self.encoded;
        let encoded = Encoded { bytes, span, ended };
        Known { codec: self.codec.clone(), info, changes: self.changes.clone(), encoded, ..Known::default() }
    }
}

impl Said {
    /// The parts of a summary.
    pub fn of(summary: &Summary) -> Self {
        let ledger = summary.ledger.into_iter().flat_map(ledger_counts);
        Self {
            model: summary.model.clone(),
            model_hash: summary.model_hash.clone(),
            vmaf_model: summary.vmaf_model.clone(),
            vmaf_model_hash: summary.vmaf_model_hash.clone(),
            counts: [summary.scored, summary.skipped, summary.failed],
            ledger: ledger.map(|(name, count)| (name.to_owned(), count)).collect(),
            verdict: summary.verdict.map(|verdict| verdict.name().to_owned()),
            findings: summary.findings.iter().map(|one| (one.kind.clone(), in_words(one))).collect(),
        }
    }

    /// A summary without fields.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        summary.model.clone_from(&self.model);
        summary.model_hash.clone_from(&self.model_hash);
        summary.vmaf_model.clone_from(&self.vmaf_model);
        summary.vmaf_model_hash.clone_from(&self.vmaf_model_hash);
        [summary.scored, summary.skipped, summary.failed] = self.counts;
        let mut ledger = onnx_iqa::align::time::Ledger::default();
        for (name, count) in &self.ledger {
            // A count of a later version is not shown.
            let _ = set_ledger_count(&mut ledger, name, *count);
        }
        summary.ledger = Some(ledger);
        summary.verdict = self.verdict.as_deref().and_then(Verdict::from_name);
        summary.findings = self.findings.iter().map(|(kind, text)| Finding::new(kind, text, None)).collect();
        summary
    }
}

impl Head {
    /// What a comparison gave.
    pub fn of(measured: &Measured, source: &SourceKnown) -> Self {
        let mut rendition = Stream::of(&measured.known);
        rendition.stream_offset = measured.stream_offset;
        (rendition.begin, rendition.end) = measured.span.unzip();
        let mut whole = Stream::of(&source.known);
        whole.stream_offset = source.stream_offset;
        (whole.begin, whole.end) = (source.begin, source.duration);
        let mut summary = measured.summary.as_ref().map(Said::of).unwrap_or_default();
        if measured.source_frames.is_none() {
            // They depend on timing.
            summary.ledger.retain(|name, _| ![SOURCE_FRAMES, "outside"].contains(&name.as_str()));
        }
        let is_new = |(_, text): &&(String, String)| summary.findings.iter().all(|(_, known)| known != text);
        Self {
            remarks: measured.remarks.kinds().filter(is_new).cloned().collect(),
            summary,
            failure: measured.failure.clone(),
            not_comparable: measured.not_comparable,
            rendition,
            source: whole,
            ..Self::default()
        }
    }

    /// The source.
    pub fn source(&self) -> SourceKnown {
        let Stream { begin, end, stream_offset, .. } = self.source;
        SourceKnown { known: self.source.known(), begin, stream_offset, duration: end, failure: None }
    }

    /// The remarks.
    pub fn remarks(&self) -> Remarks {
        let mut remarks = Remarks::default();
        self.remarks.iter().for_each(|(kind, text)| remarks.add(kind.clone(), text.clone()));
        remarks
    }
}

impl Outcome {
    /// As bytes.
    ///
    /// # Errors
    /// Never, in practice: it is plain data.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(&self.head)?;
        bytes.push(b'\n');
        bytes.extend(self.records.to_bytes()?);
        Ok(bytes)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) gives.
    ///
    /// # Errors
    /// If it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let end = bytes.iter().position(|&byte| byte == b'\n').context("a result without a head")?;
        let (head, records) = bytes.split_at(end);
        let head = serde_json::from_slice(head).context("the head of a result")?;
        Ok(Self { head, records: Records::from_bytes(records.get(1..).unwrap_or_default())? })
    }
}

/// Hash of a result: of the frames and whether they fit, but not of wordings.
pub fn digest(outcome: Option<&Outcome>) -> Result<String> {
    let mut hasher = Sha256::new();
    if let Some(outcome) = outcome {
        hasher.update(serde_json::to_vec(&(&outcome.head.misfit, outcome.head.before, outcome.head.after))?);
        hasher.update(outcome.records.to_bytes()?);
    }
    Ok(hex(&hasher.finalize()))
}

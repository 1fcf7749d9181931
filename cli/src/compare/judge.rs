// SPDX-License-Identifier: MPL-2.0

//! Turns the results of a comparison into report data.

use super::branch::Measured;
use super::coverage::{Coverage, INEXACT, lack};
use super::pass::SourceKnown;
use super::settings::Settings;
use crate::media::inputs::{Input, Source};
use crate::media::remarks::Remarks;
use crate::media::watch::NO_FRAME;
use crate::report::data::{Media, Pooled, Rendition};
use crate::report::frames::Frames;
use crate::thresholds::WORST_SECOND;
use gst_video::{VideoColorMatrix, VideoColorRange, VideoInfo, VideoTransferFunction};
use onnx_iqa::record::{Named as _, Summary, Verdict, ledger_counts};
use std::collections::BTreeMap;

/// Verdict on a rendition that could not be read or compared.
pub const FAILED: &str = "failed";
/// Verdict on a rendition that was not finished when the run was interrupted.
pub const INTERRUPTED: &str = "interrupted";

/// Deviations of the luma fit that are reported: gain, and bias in 8-bit samples.
const TONE: [f64; 2] = [0.08, 6.0];

/// Whether the results of a rendition are valid.
pub fn is_trusted(verdict: &str) -> bool {
    [Verdict::Aligned, Verdict::AlignedByTime, Verdict::Partly].iter().any(|known| known.name() == verdict)
}

/// Report data of the source.
pub fn source(input: &Input, known: &SourceKnown) -> Media {
    let mut media = media(input, known.known.codec.clone(), known.known.info.as_ref());
    media.duration = known.duration.map(seconds);
    media.bit_rate = known.known.encoded.bit_rate();
    media
}

/// Report data of a rendition that was not finished.
pub fn interrupted(input: &Input) -> Rendition {
    let reason = "the run was interrupted before it was finished".to_owned();
    rendition(media(input, None, None), INTERRUPTED, vec![reason])
}

/// Report data of a rendition that could not be read.
pub fn failed(input: &Input, reason: String) -> Rendition {
    rendition(media(input, None, None), FAILED, vec![reason])
}

/// Report data of a measured rendition.
pub fn judge(input: &Input, measured: &Measured, source: &SourceKnown, settings: &Settings) -> Rendition {
    let known = &measured.known;
    let mut media = media(input, known.codec.clone(), known.info.as_ref());
    if let Some((begin, end)) = measured.span {
        media.duration = Some(seconds(end.saturating_sub(begin)));
    }
    let mut reasons: Vec<String> = measured.failure.iter().cloned().collect();
    let Some(summary) = measured.summary.as_ref().filter(|_| measured.failure.is_none()) else {
        if reasons.is_empty() {
            reasons.push("its comparison ended without a result".to_owned());
        }
        return rendition(media, FAILED, reasons);
    };
    let came = summary.ledger.map_or(0, |ledger| ledger.distorted);
    if came == 0 {
        reasons.push(match settings.takes_all() {
            true => format!("no frame could be decoded: {NO_FRAME}"),
            false => format!("no frame of this part was decoded: {INEXACT}"),
        });
        return rendition(media, FAILED, reasons);
    }
    if let Source::Pictures(files) = &input.source
        && settings.takes_all()
        && (came as usize) < files.len()
    {
        reasons.push(format!("only {came} of its {} pictures could be decoded: one of them is damaged", files.len()));
        return rendition(media, FAILED, reasons);
    }
    let lack = lack(measured.span, source, settings);
    let verdict = match (summary.verdict.unwrap_or(Verdict::NotAligned), &lack) {
        (_, Some(lack)) if lack.share > 0.5 => Verdict::NotAligned,
        (Verdict::Aligned | Verdict::AlignedByTime, Some(_)) => Verdict::Partly,
        (verdict, _) => verdict,
    };
    reasons.extend(lack.map(|lack| lack.reason));
    reasons.extend(source.known.changes.iter().map(|change| format!("the source was {change}")));
    reasons.extend(known.changes.iter().map(|change| format!("it was {change}")));
    // Remarks that apply to the whole stream are in the summary.
    let remarks = summary.findings.iter().collect::<Remarks>().and(&measured.remarks);
    reasons.extend(remarks.texts().map(str::to_owned));
    // If it failed, only a part was read.
    media.bit_rate = known.encoded.bit_rate();
    let mut rendition = rendition(media, verdict.name(), Vec::new());
    rendition.counts = counts(summary, measured.source_frames.is_some());
    if is_trusted(&rendition.verdict) {
        rendition.confidence = mean(measured.confidence, measured.pairs);
        rendition.measures = measures(summary, &measured.frames, settings);
    }
    // A source that shows something else provides no information about time, rate or colors.
    if is_trusted(&rendition.verdict) && !settings.is_still() {
        let frames = &measured.frames;
        rendition.offset_ms = frames.offset().map(|offset| offset as f64 / 1e6);
        let by_picture = measured.by_picture.saturating_mul(2) >= measured.pairs;
        rendition.evidence = Some(if by_picture { "picture" } else { "time" }.to_owned());
        reasons.extend(other_rate(&rendition.media, source));
        reasons.extend(converted(known.info.as_ref(), source.known.info.as_ref()));
        // If only a part is compared, more of the source is decoded on purpose.
        let interval = source.known.info.as_ref().and_then(frame_rate).map(f64::recip);
        let coverage = Coverage::of(frames, source, interval).filter(|_| settings.takes_all());
        rendition.coverage = coverage.as_ref().map(Coverage::percent);
        reasons.extend(coverage.iter().flat_map(Coverage::reasons));
        reasons.extend(tone(measured));
    }
    rendition.reasons = reasons;
    rendition
}

fn rendition(media: Media, verdict: &str, reasons: Vec<String>) -> Rendition {
    Rendition {
        media,
        verdict: verdict.to_owned(),
        offset_ms: None,
        confidence: None,
        evidence: None,
        coverage: None,
        counts: BTreeMap::new(),
        measures: BTreeMap::new(),
        thresholds: Vec::new(),
        reasons,
        worst: Vec::new(),
    }
}

fn media(input: &Input, codec: Option<String>, info: Option<&VideoInfo>) -> Media {
    Media {
        name: input.name.clone(),
        uri: input.shown.clone(),
        codec,
        width: info.map(VideoInfo::width),
        height: info.map(VideoInfo::height),
        frame_rate: info.and_then(frame_rate),
        format: info.map(|info| info.format().to_str().to_string()),
        colorimetry: info.map(|info| info.colorimetry().to_string()).filter(|text| !text.is_empty()),
        duration: None,
        bit_rate: None,
        declared_bandwidth: input.declared_bandwidth,
    }
}

/// Frame interval in nanoseconds according to the caps of a rendition.
#[cfg(feature = "farm")]
pub fn frame_interval(measured: &Measured) -> Option<u64> {
    let rate = measured.known.info.as_ref().and_then(frame_rate)?;
    Some((1e9 / rate).round() as u64)
}

/// Frame rate, if the caps contain one.
fn frame_rate(info: &VideoInfo) -> Option<f64> {
    let rate = info.fps();
    (rate.numer() > 0 && rate.denom() > 0).then(|| f64::from(rate.numer()) / f64::from(rate.denom()))
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

fn mean(sum: f64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

/// `is_whole`: whether all frames of the source were counted.
fn counts(summary: &Summary, is_whole: bool) -> BTreeMap<String, u64> {
    let ledger = summary.ledger.into_iter().flat_map(ledger_counts);
    let ledger = ledger.filter(|(name, _)| is_whole || !["reference", "outside"].contains(name));
    ledger.chain([("failed", summary.failed)]).map(|(name, count)| (name.to_owned(), count)).collect()
}

/// Pooled statistics of the requested measures, as computed by the element, and the worst second of each.
fn measures(summary: &Summary, frames: &Frames, settings: &Settings) -> BTreeMap<String, Pooled> {
    let wanted = settings.fields();
    let fields = summary.fields.iter().filter(|(name, _)| wanted.contains(&name.as_str()));
    let pools = fields.map(|(name, pool)| {
        let mut pooled: Pooled = pool.statistics.iter().cloned().collect();
        pooled.extend(frames.worst_second(name).map(|worst| (WORST_SECOND.to_owned(), worst)));
        (name.clone(), pooled)
    });
    pools.collect()
}

/// Reports a difference in frame rate.
fn other_rate(rendition: &Media, source: &SourceKnown) -> Option<String> {
    let (own, theirs) = (rendition.frame_rate?, source.known.info.as_ref().and_then(frame_rate)?);
    let differ = (own / theirs - 1.0).abs() > 0.01;
    let rounded = |rate: f64| (rate * 1000.0).round() / 1000.0;
    differ.then(|| format!("its frame rate is {} fps, that of the source {} fps", rounded(own), rounded(theirs)))
}

/// Reports which side was converted for the comparison.
fn converted(rendition: Option<&VideoInfo>, source: Option<&VideoInfo>) -> Option<String> {
    let (rendition, source) = (rendition?, source?);
    let (side, other) = match (rendition.is_rgb(), source.is_rgb()) {
        (true, false) => ("its R'G'B' was", source),
        (false, true) => ("the source's R'G'B' was", rendition),
        _ => return None,
    };
    let colorimetry = other.colorimetry();
    let matrix = match colorimetry.matrix() {
        VideoColorMatrix::Bt601 => "BT.601",
        VideoColorMatrix::Bt709 => "BT.709",
        VideoColorMatrix::Bt2020 => "BT.2020",
        VideoColorMatrix::Smpte240m => "SMPTE 240M",
        VideoColorMatrix::Fcc => "FCC",
        _ => "GStreamer's default matrix",
    };
    let range = if colorimetry.range() == VideoColorRange::Range0_255 { "full" } else { "limited" };
    Some(format!("{side} converted to the other's Y'CbCr ({matrix}, {range} range) for the comparison"))
}

/// Whether the transfer function is a high dynamic range one.
pub fn is_hdr(info: Option<&VideoInfo>) -> bool {
    let transfer = info.map(|info| info.colorimetry().transfer());
    matches!(transfer, Some(VideoTransferFunction::Smpte2084 | VideoTransferFunction::AribStdB67))
}

/// Reports a difference in brightness or contrast from the source.
fn tone(measured: &Measured) -> Option<String> {
    let [gain, bias] = measured.fit.map(|sum| mean(sum, measured.fitted));
    let (gain, bias) = (gain?, bias?);
    if (gain - 1.0).abs() <= TONE[0] && bias.abs() <= TONE[1] {
        return None;
    }
    Some(format!(
        "its luma differs from the source's, about {gain:.2} × it {sign} {bias:.0} of 255: the levels, transfer \
         function or tone mapping differ, whatever the tags say (HDR samples tagged as SDR look like this), and \
         the results include that difference",
        sign = if bias < 0.0 { '−' } else { '+' },
        bias = bias.abs(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_tone_is_said() {
        let of = |gain, bias| tone(&Measured { fit: [gain * 4.0, bias * 4.0], fitted: 4, ..Measured::default() });
        assert_eq!((of(1.0, 0.5), of(0.95, 3.0)), (None, None));
        assert!(of(0.6, 40.0).unwrap().contains("0.60 × it + 40 of 255"));
        assert!(of(1.1, -9.0).unwrap().contains("1.10 × it − 9 of 255"));
    }
}

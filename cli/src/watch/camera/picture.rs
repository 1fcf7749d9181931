// SPDX-License-Identifier: MPL-2.0

//! Newest picture of a camera for display, encoded on request.

use super::feed::{Feed, Newest};
use crate::media::labelled::labelled;
use crate::media::{display_size, lock};
use crate::watch::alarm::Jpeg;
use crate::watch::moment::Moment;
use crate::watch::wall::{NoPicture, Pictures};
use anyhow::Context as _;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder as _};
use onnx_iqa::evidence::{Shown, show};
use onnx_iqa::picture::Frame as _;
use onnx_iqa::record::{FrameRecord, State};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Maximum width; wider pictures are scaled down.
const WIDEST: u32 = 960;
/// JPEG quality, 1 to 100.
const QUALITY: u8 = 82;
/// Minimum interval between encodings.
const PACE: Duration = Duration::from_secs(1);

/// Newest picture of a feed.
#[derive(Debug)]
pub struct Snapshots {
    feed: Arc<Feed>,
    /// Time and result of the last encoding.
    last: Mutex<Option<(Instant, Jpeg)>>,
}

impl Snapshots {
    /// Creates a picture source for a feed.
    pub fn new(feed: Arc<Feed>) -> Self {
        Self { feed, last: Mutex::default() }
    }

    /// Encodes the newest picture for an alarm, with the newest score drawn on it because it is used without the page.
    /// `scored`: record and time of the last scored frame.
    ///
    /// # Errors
    /// If there is no picture, or it cannot be encoded.
    pub fn of_alarm(&self, scored: Option<(&FrameRecord, Moment)>) -> Result<Jpeg, NoPicture> {
        let Some((record, at)) = scored else { return self.newest() };
        let newest = self.feed.known().newest.ok_or(NoPicture::None)?;
        let age = newest.at.steady.saturating_duration_since(at.steady);
        let mut record = record.clone();
        (record.state, record.alarm) = (Some(State::Skipped), Some(true));
        record.age = u64::try_from(age.as_nanos()).ok();
        let title = record.model.as_deref().unwrap_or_default();
        let bytes = show_newest(&newest).and_then(|shown| encode(labelled(shown, title, &record)?)).map_err(failed)?;
        Ok(Jpeg { bytes: bytes.into(), taken: newest.at })
    }
}

impl Pictures for Snapshots {
    fn newest(&self) -> Result<Jpeg, NoPicture> {
        // Held while encoding: concurrent requests get the same picture.
        let mut last = lock(&self.last);
        let newest = self.feed.known().newest.ok_or(NoPicture::None)?;
        if let Some((when, jpeg)) = &*last
            && (when.elapsed() < PACE || jpeg.taken == newest.at)
        {
            return Ok(jpeg.clone());
        }
        let bytes = show_newest(&newest).and_then(encode).map_err(failed)?;
        let jpeg = Jpeg { bytes: bytes.into(), taken: newest.at };
        *last = Some((Instant::now(), jpeg.clone()));
        Ok(jpeg)
    }
}

fn failed(error: anyhow::Error) -> NoPicture {
    NoPicture::Failed(format!("{error:#}"))
}

/// Converts to display size, limited to the maximum width.
fn show_newest(newest: &Newest) -> anyhow::Result<Shown> {
    let frame = newest.stream.map(newest.buffer.clone()).context("cannot read its frame")?;
    let picture = frame.picture()?;
    let [width, height] = display_size(&newest.stream, [picture.width(), picture.height()]);
    let size = match width > WIDEST {
        true => [WIDEST, (u64::from(height) * u64::from(WIDEST) / u64::from(width)).max(1) as u32],
        false => [width, height],
    };
    Ok(show(&picture, size)?)
}

fn encode(shown: Shown) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    encoder.write_image(&shown.pixels, shown.width, shown.height, ExtendedColorType::Rgb8)?;
    Ok(bytes)
}

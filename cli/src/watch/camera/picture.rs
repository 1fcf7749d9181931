// SPDX-License-Identifier: MPL-2.0

//! A camera's newest picture for people, encoded when somebody asks for it.

use super::feed::{Feed, Newest};
use crate::media::{display_size, lock};
use crate::watch::alarm::Jpeg;
use crate::watch::wall::{NoPicture, Pictures};
use anyhow::Context as _;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use onnx_iqa::evidence::show;
use onnx_iqa::picture::Frame as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Wider ones are scaled down to this.
const WIDEST: u32 = 960;
/// JPEG's quality, 1 to 100.
const QUALITY: u8 = 82;
/// One is encoded once in so long at most.
const PACE: Duration = Duration::from_secs(1);

/// The newest picture of a feed.
#[derive(Debug)]
pub struct Newspaper {
    feed: Arc<Feed>,
    /// When one was encoded last, and what came of it.
    printed: Mutex<Option<(Instant, Jpeg)>>,
}

impl Newspaper {
    /// Of what comes out there.
    pub fn new(feed: Arc<Feed>) -> Self {
        Self { feed, printed: Mutex::default() }
    }
}

impl Pictures for Newspaper {
    fn newest(&self) -> Result<Jpeg, NoPicture> {
        // Held while one is encoded: others who ask meanwhile get the same.
        let mut printed = lock(&self.printed);
        let newest = self.feed.known().newest.ok_or(NoPicture::None)?;
        if let Some((when, jpeg)) = &*printed
            && (when.elapsed() < PACE || jpeg.taken == newest.at)
        {
            return Ok(jpeg.clone());
        }
        let jpeg = encode(&newest).map_err(|error| NoPicture::Failed(format!("{error:#}")))?;
        *printed = Some((Instant::now(), jpeg.clone()));
        Ok(jpeg)
    }
}

fn encode(newest: &Newest) -> anyhow::Result<Jpeg> {
    let frame = newest.stream.map(newest.buffer.clone()).context("its frame cannot be read")?;
    let picture = frame.picture()?;
    let [width, height] = display_size(&newest.stream, [picture.width(), picture.height()]);
    let size = match width > WIDEST {
        true => [WIDEST, (u64::from(height) * u64::from(WIDEST) / u64::from(width)).max(1) as u32],
        false => [width, height],
    };
    let shown = show(&picture, size)?;
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode(
        &shown.pixels,
        shown.width,
        shown.height,
        ExtendedColorType::Rgb8,
    )?;
    Ok(Jpeg { bytes: bytes.into(), taken: newest.at })
}

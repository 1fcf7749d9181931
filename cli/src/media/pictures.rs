// SPDX-License-Identifier: MPL-2.0

//! Picture files as a stream; each file is read on demand.

use super::decode::beyond;
use super::inputs::media_type;
use super::lock;
use super::part::Part;
use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

const SECOND: u64 = 1_000_000_000;

/// Creates a source for the files' contents at this frame rate. For a part, only the files shown in it are used and
/// timestamps start at 0, as after a seek.
///
/// # Errors
/// If no file is in the part, or a file is not a picture.
pub fn source(files: &[PathBuf], (over, under): (u32, u32), part: Part) -> Result<gst_app::AppSrc> {
    let number = |time: gst::ClockTime| {
        let number = time.nseconds().mul_div_ceil(over.into(), gst::ClockTime::SECOND.nseconds() * u64::from(under));
        usize::try_from(number.unwrap_or(u64::MAX)).unwrap_or(usize::MAX).min(files.len())
    };
    let (begin, end) = (number(part.start), part.stop.map_or(files.len(), number));
    let all = files.len() as u64;
    let files = files.get(begin..end).unwrap_or_default().to_vec();
    let length = gst::ClockTime::SECOND.mul_div_round(all.saturating_mul(under.into()), u64::from(over));
    let first = files.first().with_context(|| beyond(length.unwrap_or(gst::ClockTime::MAX)))?;
    let name = media_type(first).with_context(|| format!("{} is not a picture", first.display()))?;
    let rate = gst::Fraction::new(i32::try_from(over)?, i32::try_from(under)?);
    let caps = gst::Caps::builder(name).field("framerate", rate).build();
    let time =
        move |number: u64| gst::ClockTime::SECOND.mul_div_round(number.saturating_mul(under.into()), u64::from(over));
    let total = time(files.len() as u64);
    let next = Arc::new(Mutex::new(0));
    let sought = next.clone();
    let need = move |source: &gst_app::AppSrc, _| {
        let number = std::mem::replace(&mut *lock(&next), usize::MAX);
        let Some(file) = files.get(number) else {
            // Reports by itself if it has been stopped.
            let _ = source.end_of_stream();
            return;
        };
        *lock(&next) = number + 1;
        match std::fs::read(file) {
            Ok(bytes) => {
                let mut buffer = gst::Buffer::from_slice(bytes);
                if let Some(buffer) = buffer.get_mut() {
                    let (begin, end) = (time(number as u64), time(number as u64 + 1));
                    buffer.set_pts(begin);
                    buffer.set_duration(begin.zip(end).map(|(begin, end)| end.saturating_sub(begin)));
                }
                let _ = source.push_buffer(buffer);
            }
            Err(error) => {
                let text = format!("{}: {error}", file.display());
                gst::element_error!(source, gst::ResourceError::Read, ("{text}"));
                let _ = source.end_of_stream();
            }
        }
    };
    // The picture shown at that time.
    let seek = move |_: &gst_app::AppSrc, nanoseconds: u64| {
        let number = (nanoseconds + 1).mul_div_floor(over.into(), SECOND * u64::from(under));
        *lock(&sought) = number.and_then(|number| usize::try_from(number).ok()).unwrap_or(usize::MAX);
        true
    };
    let callbacks = gst_app::AppSrcCallbacks::builder().need_data(need).seek_data(seek).build();
    let source = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).max_buffers(2).max_bytes(0);
    let source = source.stream_type(gst_app::AppStreamType::Seekable).block(false).callbacks(callbacks).build();
    source.set_duration(total);
    Ok(source)
}

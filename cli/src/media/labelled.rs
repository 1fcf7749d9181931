// SPDX-License-Identifier: MPL-2.0

//! Draws measured values on a picture that is used without the report page.

use anyhow::Result;
use onnx_iqa::evidence::Shown;
use onnx_iqa::overlay::Overlay;
use onnx_iqa::picture::{FrameMut as _, OwnedFrame};
use onnx_iqa::record::FrameRecord;

/// Draws the values of `record` on the picture as `iqaoverlay` does, under a title.
///
/// # Errors
/// If the picture is empty.
pub fn labelled(shown: Shown, title: &str, record: &FrameRecord) -> Result<Shown> {
    let Shown { width, height, pixels } = shown;
    let mut frame = OwnedFrame::rgb(width, height, pixels)?;
    let mut overlay = Overlay::default();
    overlay.observe(None, [(title, record)]);
    overlay.draw(&mut frame)?;
    let pixels = frame.plane_mut(0)?.data.to_vec();
    Ok(Shown { width, height, pixels })
}

#[cfg(test)]
mod tests {
    use super::*;
    use onnx_iqa::record::State;

    #[test]
    fn the_number_is_in_it_an_alarm_has_its_edges_and_elsewhere_the_picture_is_the_same() {
        let gray = || Shown { width: 320, height: 240, pixels: vec![90; 320 * 240 * 3] };
        let drawn = |score, alarm| {
            let mut record = FrameRecord::default();
            (record.state, record.score, record.alarm) = (Some(State::Scored), Some(score), Some(alarm));
            labelled(gray(), "metaiqa", &record).expect("drawn")
        };
        let (poor, good, alarm) = (drawn(12.0, false), drawn(87.0, false), drawn(12.0, true));
        assert_ne!(poor.pixels, good.pixels);
        assert_eq!(poor.pixels[..3], [90; 3]);
        assert_ne!(alarm.pixels[..3], [90; 3]);
        let place = (120 * 320 + 250) * 3;
        assert_eq!(alarm.pixels[place..place + 3], [90; 3]);
    }
}

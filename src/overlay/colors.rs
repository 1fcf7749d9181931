// SPDX-License-Identifier: MPL-2.0

//! The colors of the drawing, and the words that accompany them.

use super::canvas::Rgba;
use super::settings::Colormap;

/// The background of text: dark enough to read white text over a white picture, light enough to see motion behind it.
pub const GROUND: Rgba = [16, 18, 22, 214];
/// Text.
pub const INK: Rgba = [255, 255, 255, 255];
/// Text beside the main number.
pub const FAINT: Rgba = [178, 184, 192, 255];
/// Values that are out of date.
pub const STALE: Rgba = [255, 176, 0, 255];
/// Values that are bad.
pub const ALARM: Rgba = [222, 36, 36, 255];
/// Between the stripes of an alarm.
pub const ALARM_DARK: Rgba = [90, 0, 0, 255];
/// Text on [`STALE`].
pub const DARK: Rgba = [20, 16, 0, 255];

/// A fifth of the scale from 0 to 100.
#[derive(Debug, PartialEq, Eq)]
pub struct Band {
    /// As in the five-grade scales of ITU-T P.910 and ITU-R BT.500.
    pub word: &'static str,
    /// The accompanying color.
    pub color: Rgba,
}

/// From 0 upwards.
pub const BANDS: [Band; 5] = [
    Band { word: "bad", color: [240, 84, 66, 255] },
    Band { word: "poor", color: [245, 150, 60, 255] },
    Band { word: "fair", color: [240, 208, 72, 255] },
    Band { word: "good", color: [128, 200, 104, 255] },
    Band { word: "excellent", color: [72, 178, 224, 255] },
];

/// The fifth that contains a number from 0 to 100.
pub fn band(value: f64) -> &'static Band {
    let index = (value / 20.0).clamp(0.0, 4.0) as usize;
    BANDS.get(index).unwrap_or(&BANDS[4])
}

/// Black, purple, red, orange, light yellow: matplotlib's `inferno` (CC0) at 0, ¼, ½, ¾ and 1. Distinguishable by
/// lightness alone.
const HEAT: [[f32; 3]; 5] =
    [[0.0, 0.0, 4.0], [87.0, 16.0, 110.0], [188.0, 55.0, 84.0], [249.0, 142.0, 9.0], [252.0, 255.0, 164.0]];

/// The color of a value of a map: 0 is the worst, 255 the best.
///
/// Heat is transparent where nothing is wrong, so that the picture stays visible there. It follows the square root of
/// the distance to the best value: maps of structure are near the best almost everywhere, and on a linear scale small
/// differences would be invisible.
pub fn of_map(colormap: Colormap, value: u8) -> Rgba {
    match colormap {
        Colormap::Gray => [value, value, value, 255],
        Colormap::Heat => {
            let heat = (f32::from(255 - value) / 255.0).sqrt();
            let place = heat * (HEAT.len() - 1) as f32;
            let step = (place as usize).min(HEAT.len() - 2);
            let share = place - step as f32;
            let mix = |channel: usize| HEAT[step][channel] * (1.0 - share) + HEAT[step + 1][channel] * share;
            let alpha = (2.0 * heat).min(1.0) * 255.0;
            [mix(0), mix(1), mix(2), alpha].map(|value| (value + 0.5) as u8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifths_have_their_words() {
        let words = [-1.0, 0.0, 19.9, 20.0, 59.9, 60.0, 80.0, 100.0, 110.0, f64::NAN].map(|value| band(value).word);
        assert_eq!(words, ["bad", "bad", "bad", "poor", "fair", "good", "excellent", "excellent", "excellent", "bad"]);
    }

    #[test]
    fn maps_get_lighter_and_denser_from_end_to_end() {
        assert_eq!(of_map(Colormap::Gray, 77), [77, 77, 77, 255]);
        assert_eq!([of_map(Colormap::Heat, 255), of_map(Colormap::Heat, 0)], [[0, 0, 4, 0], [252, 255, 164, 255]]);
        let luma = |[r, g, b, _]: Rgba| 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
        let colors: Vec<_> = (0..=255).map(|value| of_map(Colormap::Heat, value)).collect();
        // Rounding moves each channel by half a step at most.
        assert!(colors.windows(2).all(|pair| luma(pair[0]) + 0.5 >= luma(pair[1])), "the worse, the lighter");
        assert!(colors.windows(2).all(|pair| pair[0][3] >= pair[1][3]), "the worse, the denser");
    }
}

// SPDX-License-Identifier: MPL-2.0

//! The options of CAMBI, and the tables that follow from them.
//!
//! The thresholds of visibility are found as libvmaf finds them: Copyright 2016-2026 Netflix, Inc.,
//! BSD-2-Clause-Patent (`models/vmaf/LICENSE`).

/// The greatest difference of 10-bit samples that counts as a band; the least is 1.
pub const DIFFS: usize = 4;
/// The weight of a band, by difference.
const WEIGHTS: [u16; DIFFS] = [1, 2, 3, 4];
/// Black and white in 10 bits. As in libvmaf, full range is treated as if it were limited.
const BLACK: i32 = 64;
const WHITE: i32 = 940;

/// Options of CAMBI; the defaults are libvmaf's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CambiOptions {
    /// The side of the window for pictures of 3840x2160, in pixels (`window_size`), 15 to 127.
    pub window_size: u16,
    /// The share of pixels that is pooled, those with the strongest banding (`cambi_topk`), 0.0001 to 1.
    pub top_share: f64,
    /// The least visible difference, relative to the luminance (`tvi_threshold`), 0.0001 to 1.
    pub visible_contrast: f64,
    /// The luminance in cd/m² below which no banding is visible (`cambi_vis_lum_threshold`), 0 to 300.
    pub visible_luminance: f64,
    /// Pictures with at least this many pixels are halved after the mask is computed (`cambi_high_res_speedup`);
    /// `None`: never.
    pub halve_from: Option<usize>,
    /// Upper limit of the result (`cambi_max_val`), 0 to 1000.
    pub max: f64,
}

impl Default for CambiOptions {
    fn default() -> Self {
        Self {
            window_size: 65,
            top_share: 0.6,
            visible_contrast: 0.019,
            visible_luminance: 0.0,
            halve_from: None,
            max: 1000.0,
        }
    }
}

impl CambiOptions {
    /// The number of pixels from which pictures are halved, for a value of `cambi_high_res_speedup`. libvmaf ignores
    /// all values but three.
    pub fn speedup(height: u32) -> Option<usize> {
        match height {
            1080 => Some(1920 * 1080),
            1440 => Some(2560 * 1440),
            2160 => Some(3840 * 2160),
            _ => None,
        }
    }

    /// Whether pictures of that size are halved.
    pub fn halves(&self, [width, height]: [usize; 2]) -> bool {
        self.halve_from.is_some_and(|pixels| width * height >= pixels)
    }

    /// The radius of the window for pictures of that size.
    pub fn reach(&self, [width, height]: [usize; 2]) -> usize {
        let side = (usize::from(self.window_size) * (width + height) / 375) >> 4;
        (if self.halves([width, height]) { (side + 1) >> 1 } else { side }) >> 1
    }
}

/// The 10-bit samples that matter, and which differences count at each of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Bands {
    /// The lowest sample that can be part of a visible band.
    pub lowest: u16,
    /// For each sample from there on, the weight of every difference; 0 for invisible ones.
    pub weights: Vec<[u16; DIFFS]>,
}

impl Bands {
    pub fn new(options: &CambiOptions) -> Self {
        let diffs = DIFFS as i32;
        let highest: Vec<_> = (1..=diffs).map(|diff| options.highest_visible(diff)).collect();
        let dark = options.lowest_visible();
        let lowest = (dark - 3 * diffs + 1).max(0);
        let weights = |sample: i32| {
            let visible = |(diff, &highest): (usize, &i32)| {
                // Adding the number of differences is libvmaf's behavior.
                sample <= highest && sample + diffs + diff as i32 + 1 > dark
            };
            let mut weights = WEIGHTS;
            highest.iter().enumerate().map(visible).zip(&mut weights).for_each(|(visible, weight)| {
                *weight = if visible { *weight } else { 0 };
            });
            weights
        };
        let end = highest[DIFFS - 1] + diffs;
        Self { lowest: lowest as u16, weights: (lowest..=end).map(weights).collect() }
    }

    /// The number of samples that matter.
    pub fn count(&self) -> usize {
        self.weights.len()
    }
}

impl CambiOptions {
    fn visible(&self, sample: i32, diff: i32) -> bool {
        let [low, high] = [sample, sample + diff].map(luminance);
        high - low > self.visible_contrast * low
    }

    /// The highest sample whose difference from the one `diff` above is visible; 0 if it is not even visible at black.
    fn highest_visible(&self, diff: i32) -> i32 {
        let (mut low, mut high) = (BLACK, WHITE - diff - 1);
        if !self.visible(low, diff) {
            return 0;
        }
        if self.visible(high + 1, diff) {
            return (1 << 10) - 1;
        }
        // Invariant: visible at `low`, not visible above `high`.
        while low < high {
            let middle = (low + high + 1) / 2;
            if self.visible(middle, diff) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }

    /// The lowest sample at which anything is visible; 0 if that is black.
    fn lowest_visible(&self) -> i32 {
        let dark = |sample: &i32| luminance(*sample) < self.visible_luminance;
        let lowest = (BLACK..WHITE).find(|sample| !dark(sample)).unwrap_or(WHITE);
        if lowest == BLACK { 0 } else { lowest }
    }
}

/// The luminance of a 10-bit sample in cd/m², by ITU-R BT.1886 with white at 300 and black at 0.01.
fn luminance(sample: i32) -> f64 {
    const GAMMA: f64 = 2.4;
    let signal = f64::from(sample.clamp(BLACK, WHITE) - BLACK) / f64::from(WHITE - BLACK);
    let [white, black] = [300.0f64, 0.01].map(|luminance| luminance.powf(1.0 / GAMMA));
    let gain = (white - black).powf(GAMMA);
    gain * (signal + black / (white - black)).max(0.0).powf(GAMMA)
}

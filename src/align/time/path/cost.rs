// SPDX-License-Identifier: MPL-2.0

//! The cost of a path through the pictures: negative log-likelihoods, in nats.

use crate::align::time::unit::{BLOCKS, Blocks, ROUNDING};

/// Independent cells per block, effectively. The 96 cells of a block are not independent, since coding errors cover an
/// encoder's blocks; assuming white noise would make chance in one block outweigh a whole frame.
const INDEPENDENT: f32 = 1.1;

/// Share of the noise-to-motion ratio by which the noise estimate grows.
const LASTING: f32 = 0.3;

/// Motion of a distorted block up to which it stands still, and from which it moves; then the distance from which it is
/// near no reference. All as shares of the reference's motion.
const STANDS: [f32; 2] = [0.1, 0.4];
const NEAR_NONE: [f32; 2] = [0.25, 0.7];

/// The most that one picture can say for one partner against another.
pub(super) const SAY: f64 = 12.0;

/// The cost of a frame without a partner.
pub(super) const UNMATCHED: f64 = 6.0;

/// The cost of losing the partner, so that a single odd frame keeps it.
pub(super) const LEAVE: f64 = 4.0;

/// The cost of pairing unrelated pictures: more than having no partner.
const STRANGE: f64 = 9.0;

/// Distance ([`Unit::far`](crate::align::time::unit::Unit::far)) up to which pictures are alike, and from which they
/// are unrelated. Real clips at 0.004 bits per pixel, under captions and logos, reach 0.07; pictures of other scenes
/// are beyond 0.47.
pub(in crate::align::time) const ALIKE: [f64; 2] = [0.2, 0.4];

/// The same for whole pictures.
const WHOLLY: [f64; 2] = [0.2, 0.5];

/// The most that any step costs, however long.
pub(super) const JUMP: f64 = 12.0;

/// Share of the motion that a pair may leave unexplained at no cost, and from which the pair is unrelated.
const UNEXPLAINED: [f64; 2] = [0.45, 0.8];

/// The same for pictures that are less near than pictures of one frame usually are, and what their distances are.
const DOUBTFUL: [f64; 2] = [0.3, 0.6];
const UNUSUAL: [f64; 2] = [0.015, 0.04];

/// The same for pictures that are near only because most of what they show stands still.
const FOREIGN: [f64; 2] = [0.75, 0.95];

/// Share of the picture in which motion may be unexplained at no cost (a crawl), and from which it counts fully.
const AREA: [f64; 2] = [0.15, 0.35];

/// How far a partner may lie from where it is expected, in reference intervals.
const SLACK: f64 = 0.55;

/// Distance beyond that, in reference intervals, from which frames were lost or repeated.
const SLIP: f64 = 0.3;

/// Share of a partner's deviation by which the expectation moves.
const FOLLOW: f64 = 1.0 / 16.0;

/// The costs of deviating from time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prior {
    /// A step longer or shorter than time says, per reference interval beyond half of one.
    pub uneven: f64,
    /// Moving the offset by one reference interval.
    pub drift: f64,
    /// A first pair at an offset other than the expected one.
    pub begin: f64,
    /// Two pairs that share no motion.
    pub motion: f64,
    /// Whether a caption makes pictures unrelated.
    pub whole: bool,
}

impl Prior {
    /// Where the pictures do not distinguish partners, time stamps decide.
    pub const TIMES: Self = Self { uneven: 6.0, drift: 6.0, begin: JUMP, motion: 5.0, whole: false };
    /// How unrelated two pictures are, 0 to 1, given their distance in the part that is most alike, and as a whole.
    pub fn strange(&self, far: f64, whole: f64) -> f64 {
        let strange = ramp(far, ALIKE);
        if self.whole { strange.max(ramp(whole, WHOLLY)) } else { strange }
    }

    /// Pictures alone decide.
    pub const PICTURES: Self = Self { uneven: 2.0, drift: 2.0, begin: 3.0, motion: STRANGE, whole: true };
}

/// How well each candidate fits, as a log-likelihood; 0 for the nearest.
///
/// The errors of a block have an unknown variance, which is estimated from the nearest candidate `ê`; the
/// log-likelihood is then `−n/2 · ln(e/ê)`. A block that is far from every candidate, such as one under a caption,
/// therefore has no influence. Where motion is not above the noise, errors persist from frame to frame, because an
/// encoder that is short of bits leaves blocks unchanged and lags behind the motion. They must not be counted once per
/// frame, so the estimate grows by its ratio to the motion. A block that stands still where the reference's moves, and
/// is near no candidate, has lost what moved, such as grain: which candidate happens to be nearest means nothing.
pub(in crate::align::time) fn likelihood(
    distances: &Blocks,
    nearest: &Blocks,
    step: &Blocks,
    moved: Option<&Blocks>,
) -> f64 {
    let mut sum = 0.0;
    for b in 0..BLOCKS {
        let least = nearest[b] + ROUNDING;
        let motion = step[b] + ROUNDING;
        let floor = least * (1.0 + LASTING * least / motion);
        let smoothed = moved.map_or(0.0, |moved| 1.0 - ramp32(moved[b] / motion, STANDS));
        let says = 1.0 - smoothed * ramp32(least / motion, NEAR_NONE);
        sum += says * (1.0 + (distances[b] - nearest[b]) / floor).max(0.1).ln();
    }
    f64::from(-0.5 * INDEPENDENT * sum)
}

/// The part of a likelihood that selects the nearest of several candidates.
pub(in crate::align::time) fn nearness(distances: &Blocks) -> f32 {
    distances.iter().map(|distance| (distance + 10.0 * ROUNDING).ln()).sum()
}

/// The cost of pairing two pictures: how much less likely they are than the likeliest pair, and how unrelated, 0 to 1.
pub(super) fn picture(behind: f64, strange: f64) -> f64 {
    behind.min(SAY) + STRANGE * strange
}

/// Motion from one pair to another.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Motion {
    /// `½‖Δd − Δr‖²`: what remains of the distorted motion after subtracting the reference's. Whatever makes both pairs
    /// differ in the same way (blur, a logo, bars, a shift of a static scene) cancels out.
    pub residual: f64,
    /// `½‖Δd‖² + ½‖Δr‖²`: what would remain if the two were unrelated.
    pub total: f64,
    /// `½‖Δr‖²`, the reference's part of that.
    pub reference: f64,
    /// Motion that cannot be distinguished from noise.
    pub noise: f64,
    /// The share of the picture in which motion is unexplained, 0 to 1, times the number of pairs.
    pub area: f64,
    /// The number of pairs.
    pub pairs: f64,
}

impl Motion {
    /// Of one pair, given the blocks of each quantity.
    pub fn of(residual: &Blocks, total: &Blocks, reference: f32, noise: &Blocks, weights: &Blocks) -> Self {
        let (mut moved, mut all) = (0.0, 0.0);
        let mut motion = Self { pairs: 1.0, reference: f64::from(reference.max(0.0)), ..Self::default() };
        for b in 0..BLOCKS {
            let left = residual[b].max(0.0);
            motion.residual += f64::from(left);
            motion.total += f64::from(total[b]);
            motion.noise += f64::from(noise[b]);
            moved += weights[b] * (left / (total[b] + noise[b])).min(1.0);
            all += weights[b];
        }
        motion.area = f64::from(moved / all.max(f32::MIN_POSITIVE));
        motion
    }

    /// The share of the motion that the partner lacks: 0 to about 1, small if there is no motion.
    pub fn unexplained(self) -> f64 {
        self.residual / (self.total + self.noise + 1e-12)
    }

    /// 0: the partner moves alike; 1: the motions are unrelated. `far` is the distance of the pictures.
    pub fn strange(self, far: f64) -> f64 {
        self.contradiction(far).max(ramp(self.unexplained(), UNEXPLAINED) * self.spread())
    }

    /// How differently pictures move that are less near than those of one frame usually are, 0 to 1.
    pub fn contradiction(self, far: f64) -> f64 {
        let share = self.unexplained();
        // Noise over a reference that stands still is not motion.
        let both = ramp(self.reference / (self.total + 1e-12), [0.1, 0.3]);
        (ramp(share, DOUBTFUL) * ramp(far, UNUSUAL)).max(ramp(share, FOREIGN) * both) * self.spread()
    }

    /// How far the difference in motion covers more than a part of the picture, 0 to 1.
    fn spread(self) -> f64 {
        ramp(self.area / self.pairs.max(1.0), AREA)
    }
}

impl std::ops::AddAssign for Motion {
    fn add_assign(&mut self, other: Self) {
        self.residual += other.residual;
        self.total += other.total;
        self.reference += other.reference;
        self.noise += other.noise;
        self.area += other.area;
        self.pairs += other.pairs;
    }
}

/// Where a path expects the next partner.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Expected {
    /// The partner's time minus the distorted frame's, in ns.
    pub offset: f64,
    /// How fast that changes, per unit of time.
    pub drift: f64,
}

impl Expected {
    /// The expectation `elapsed` ns later.
    pub fn after(self, elapsed: f64) -> Self {
        Self { offset: self.offset + self.drift * elapsed, ..self }
    }

    /// A different offset, about whose change nothing is known.
    pub fn at(offset: f64) -> Self {
        Self { offset, drift: 0.0 }
    }
}

/// A step from one partner to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// How much later the partner is, in ns.
    pub reference: f64,
    /// How much later the distorted frame is, in ns.
    pub distorted: f64,
    /// Interval between reference frames, in ns.
    pub interval: f64,
    /// The partner's time minus the distorted frame's, in ns.
    pub offset: f64,
    /// Where the path expected it.
    pub expected: Expected,
}

impl Step {
    /// The cost of the step, and where the path expects partners afterwards.
    ///
    /// While the partner is the one nearest to the expected place, the expectation follows it slowly, as a second-order
    /// loop. A change of frame rate may therefore wobble freely, and drift continues through static scenes. A lost or
    /// repeated frame costs once.
    pub fn cost(self, prior: &Prior) -> (f64, Expected) {
        let off = self.offset - self.expected.offset;
        let drag = (off.abs() - SLACK * self.interval).max(0.0);
        let uneven = ((self.reference - self.distorted).abs() / self.interval - SLACK).max(0.0);
        let cost = if drag > 0.0 { prior.uneven * uneven + prior.drift * drag / self.interval } else { 0.0 };
        if cost >= JUMP {
            return (JUMP, Expected::at(self.offset));
        }
        if drag > SLIP * self.interval {
            return (cost, Expected { offset: self.offset, ..self.expected });
        }
        let follow = Expected {
            offset: self.expected.offset + drag * off.signum() + off * FOLLOW,
            drift: self.expected.drift + off * FOLLOW * FOLLOW / 4.0 / self.distorted.max(self.interval),
        };
        (cost, follow)
    }

    /// Whether the partner is not the one nearest to the expected place.
    pub fn is_elsewhere(self) -> bool {
        (self.offset - self.expected.offset).abs() > SLACK * self.interval
    }
}

fn ramp32(value: f32, [from, to]: [f32; 2]) -> f32 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

/// 0 up to the first limit, 1 from the second.
pub(in crate::align::time) fn ramp(value: f64, [from, to]: [f64; 2]) -> f64 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

// SPDX-License-Identifier: MPL-2.0

//! What a path through the pictures costs: negative logarithms of likelihoods, in nats.

use crate::align::time::unit::{BLOCKS, Blocks, ROUNDING};

/// Cells of a block that are as good as independent. The 96 of a block are not: coding errors cover blocks of an
/// encoder, and noise that were white in them would make one cell's chance more certain than a whole frame.
const INDEPENDENT: f32 = 1.1;

/// Share of the ratio of noise to motion by which the noise's estimate grows.
const LASTING: f32 = 0.3;

/// Motion of a distorted block up to which it stands still, and from which on it does not, and distance from which on it is
/// near to no reference: all as shares of the reference's motion.
const STANDS: [f32; 2] = [0.1, 0.4];
const NEAR_NONE: [f32; 2] = [0.25, 0.7];

/// The most that one picture can say for one partner against another.
pub(super) const SAY: f64 = 12.0;

/// What a frame without a partner costs.
pub(super) const UNMATCHED: f64 = 6.0;

/// What losing the partner costs: a frame alone that looks odd keeps it.
pub(super) const LEAVE: f64 = 4.0;

/// What pictures cost that have nothing to do with each other: more than having no partner.
const STRANGE: f64 = 9.0;

/// Distance ([`Unit::far`](crate::align::time::unit::Unit::far)) up to which pictures are alike, and from which on they
/// are strangers. Real clips at 0.004 bits a pixel, under captions and logos, reach 0.07; pictures of other scenes are
/// beyond 0.47.
pub(in crate::align::time) const ALIKE: [f64; 2] = [0.2, 0.4];

/// The same of whole pictures.
const WHOLLY: [f64; 2] = [0.2, 0.5];

/// What any step costs at most, however far.
pub(super) const JUMP: f64 = 12.0;

/// Share of the motion that a pair may leave unexplained without cost, and from which on it is a stranger's.
const UNEXPLAINED: [f64; 2] = [0.45, 0.8];

/// The same for pictures that are not as near as pictures of one frame usually are, and how far these are apart.
const DOUBTFUL: [f64; 2] = [0.3, 0.6];
const UNUSUAL: [f64; 2] = [0.015, 0.04];

/// The same for pictures that are near, since most of what they show stands still.
const FOREIGN: [f64; 2] = [0.75, 0.95];

/// Share of the picture in which motion may be unexplained without cost (a crawl), and from which on it counts fully.
const AREA: [f64; 2] = [0.15, 0.35];

/// Reference intervals that a partner may lie from where it is expected.
const SLACK: f64 = 0.55;

/// Reference intervals beyond, from which on frames were lost or repeated.
const SLIP: f64 = 0.3;

/// Share of what a partner lies beside where it is expected, by which that moves.
const FOLLOW: f64 = 1.0 / 16.0;

/// What it costs to leave the course that time sets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prior {
    /// A step that is longer or shorter than time says, for each reference interval beyond half of one.
    pub uneven: f64,
    /// To move the offset by one reference interval.
    pub drift: f64,
    /// The first pair at another offset than the one that is expected.
    pub begin: f64,
    /// Two pairs that share no motion.
    pub motion: f64,
    /// A caption makes pictures strange.
    pub whole: bool,
}

impl Prior {
    /// Time stamps decide where pictures do not tell.
    pub const TIMES: Self = Self { uneven: 6.0, drift: 6.0, begin: JUMP, motion: 5.0, whole: false };
    /// How strange two pictures are to each other, 0 to 1, that are so far apart in the part that is most alike, and as a
    /// whole.
    pub fn strange(&self, far: f64, whole: f64) -> f64 {
        let strange = ramp(far, ALIKE);
        if self.whole { strange.max(ramp(whole, WHOLLY)) } else { strange }
    }

    /// Pictures alone decide.
    pub const PICTURES: Self = Self { uneven: 2.0, drift: 2.0, begin: 3.0, motion: STRANGE, whole: true };
}

/// How well each candidate fits, as a logarithm of its likelihood, 0 for the nearest.
///
/// Errors of a block have a variance that is not known and is estimated from the nearest candidate `ê`; the logarithm of
/// the likelihood is then `−n/2 · ln(e/ê)`. So a block that a caption covers, which is far from every candidate, says
/// nothing. Where motion is not above the noise, errors last from frame to frame: an encoder that is short of bits leaves
/// blocks as they were and lags behind the motion. They must not be counted as often as there are frames, and so the
/// estimate grows by its ratio to the motion. A block that stands still where the reference's moves, and is near none, has
/// lost what moved, such as grain: which one happens to be nearest says nothing.
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

/// The part of a likelihood by which the nearest of several candidates is chosen.
pub(in crate::align::time) fn nearness(distances: &Blocks) -> f32 {
    distances.iter().map(|distance| (distance + 10.0 * ROUNDING).ln()).sum()
}

/// What a pair of pictures costs: so much less likely than the likeliest, and so strange, 0 to 1.
pub(super) fn picture(behind: f64, strange: f64) -> f64 {
    behind.min(SAY) + STRANGE * strange
}

/// What has moved from one pair to another.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Motion {
    /// `½‖Δd − Δr‖²`: what remains of the motion of one when that of the other is taken away. Whatever makes both pairs
    /// differ in the same way (blur, a logo, bars, a shift of a static scene) is gone from it.
    pub residual: f64,
    /// `½‖Δd‖² + ½‖Δr‖²`: what remains when the two have nothing to do with each other.
    pub total: f64,
    /// `½‖Δr‖²`, the reference's part in that.
    pub reference: f64,
    /// Motion that cannot be told from noise.
    pub noise: f64,
    /// The share of the picture in which motion is not explained, 0 to 1, times the number of pairs.
    pub area: f64,
    /// How many pairs these are.
    pub pairs: f64,
}

impl Motion {
    /// Of one pair, given the blocks of each.
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

    /// The share of the motion that the partner does not have: 0 to about 1, small if there is none.
    pub fn unexplained(self) -> f64 {
        self.residual / (self.total + self.noise + 1e-12)
    }

    /// 0: the partner moves alike; 1: what moves has nothing to do with it. The pictures are so far apart.
    pub fn strange(self, far: f64) -> f64 {
        self.contradiction(far).max(ramp(self.unexplained(), UNEXPLAINED) * self.spread())
    }

    /// How far pictures that are not as near as those of one frame usually are do not move alike, 0 to 1.
    pub fn contradiction(self, far: f64) -> f64 {
        let share = self.unexplained();
        // Of a reference that stands still noise is not another motion.
        let both = ramp(self.reference / (self.total + 1e-12), [0.1, 0.3]);
        (ramp(share, DOUBTFUL) * ramp(far, UNUSUAL)).max(ramp(share, FOREIGN) * both) * self.spread()
    }

    /// How far it is more than a part of the picture that does not move alike, 0 to 1.
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
    /// How fast that changes, as a share of time.
    pub drift: f64,
}

impl Expected {
    /// So much later, in ns.
    pub fn after(self, elapsed: f64) -> Self {
        Self { offset: self.offset + self.drift * elapsed, ..self }
    }

    /// At another offset, and nothing is known of how that changes.
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
    /// From one reference frame to the next, in ns.
    pub interval: f64,
    /// The partner's time minus the distorted frame's, in ns.
    pub offset: f64,
    /// Where the path has that.
    pub expected: Expected,
}

impl Step {
    /// What the step costs, and where the path expects partners after it.
    ///
    /// While the partner is the nearest to where it is expected, that follows it slowly, as a loop of second order. So a
    /// change of frame rate wobbles freely, and drift goes on through scenes that stand still. A frame that is lost or
    /// repeated costs once.
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

    /// Whether the partner is another one than that which is nearest to where it is expected.
    pub fn is_elsewhere(self) -> bool {
        (self.offset - self.expected.offset).abs() > SLACK * self.interval
    }
}

fn ramp32(value: f32, [from, to]: [f32; 2]) -> f32 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

/// 0 up to the first limit, 1 from the second on.
pub(in crate::align::time) fn ramp(value: f64, [from, to]: [f64; 2]) -> f64 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

// SPDX-License-Identifier: MPL-2.0

//! What a path through the pictures costs: negative logarithms of likelihoods, in nats.
//!
//! Pictures are compared by their distance `e = ½‖z_d − z_r‖²`, where `z` is the signature without its mean, of length
//! one: one minus the zero-mean, normalized correlation, 0 for equal pictures, about 1 for pictures that have nothing
//! in common, whatever gain and bias.

/// Cells that are as good as independent. The 2304 of a signature are not: coding errors cover blocks, and noise that
/// were white in them would make one cell's chance more certain than a whole frame.
const INDEPENDENT: f64 = 20.0;

/// Share of the ratio of noise to motion by which the noise's estimate grows.
///
/// This and [`INDEPENDENT`] are from a sweep over clips that an encoder had 0.02 to 0.1 bits a pixel for, with 5 % of all
/// frames dropped and 5 % repeated; twice or half of them pairs 1 to 2 % fewer frames rightly.
const LASTING: f64 = 0.3;

/// Distance of two equal pictures, from rounding.
const ROUNDING: f64 = 2e-6;

/// The most that one picture can say for one partner against another.
pub(super) const SAY: f64 = 12.0;

/// What a frame without a partner costs.
pub(super) const UNMATCHED: f64 = 6.0;

/// What losing the partner costs: a frame alone that looks odd keeps it.
pub(super) const LEAVE: f64 = 4.0;

/// What pictures cost that have nothing to do with each other: more than having no partner.
const STRANGE: f64 = 9.0;

/// Distance up to which a pair is not suspicious for itself, and from which on it is a stranger.
const SUSPECT: [f64; 2] = [0.15, 0.45];

/// What a step costs for each reference frame interval, beyond half of one, that it is longer or shorter than time says.
const UNEVEN: f64 = 3.0;

/// What it costs to move the offset by one reference frame interval.
const DRIFT: f64 = 3.0;

/// What any other step costs, however far.
pub(super) const JUMP: f64 = 12.0;

/// What the first pair costs, and the first one after a run without partners, where time goes on.
pub(super) const BEGIN: f64 = 3.0;

/// Share of the motion that a pair may leave unexplained without cost, and from which on it is a stranger's.
const UNEXPLAINED: [f64; 2] = [0.45, 0.8];

/// How well a distance fits, given the smallest of all candidates and that one's distance to its neighbors.
///
/// With errors of equal variance in [`INDEPENDENT`] cells, estimated from the best candidate, the logarithm of the
/// likelihood is `−INDEPENDENT · e / 2ê`. Noise scales `ê` and motion scales the differences, so that slow motion is
/// told apart as long as it is above the noise. Where it is not, errors last from frame to frame: an encoder that is
/// short of bits leaves blocks as they were and lags behind the motion. They must not be counted as often as there are
/// frames, and so the estimate grows by its ratio to the motion.
pub(super) fn picture(distance: f64, least: f64, step: f64) -> f64 {
    let floor = (least.max(0.0) + ROUNDING) * (1.0 + LASTING * least.max(0.0) / (step + ROUNDING));
    let worse = (distance - least).max(0.0);
    (0.5 * INDEPENDENT * worse / floor).min(SAY) + STRANGE * ramp(distance, SUSPECT)
}

/// How strange it is that two pairs share only so much motion; see [`Motion`].
pub(super) fn motion(motion: Motion) -> f64 {
    STRANGE * ramp(motion.unexplained(), UNEXPLAINED)
}

/// What has moved from one pair to another.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Motion {
    /// `½‖Δd − Δr‖²`: what remains of the motion of one when that of the other is taken away. Whatever makes both pairs
    /// differ in the same way (blur, a logo, bars, a shift of a static scene) is gone from it.
    pub residual: f64,
    /// `½‖Δd‖² + ½‖Δr‖²`: what remains when the two have nothing to do with each other.
    pub total: f64,
    /// Motion that cannot be told from noise.
    pub noise: f64,
}

impl Motion {
    /// The share of the motion that the partner does not have: 0 to about 1, small if there is none.
    pub fn unexplained(self) -> f64 {
        self.residual.max(0.0) / (self.total + self.noise)
    }

    /// The noise expected for pairs of these distances.
    pub fn noise(distances: [f64; 2]) -> f64 {
        1e-4 + 0.1 * distances[0].min(distances[1]).max(0.0)
    }
}

impl std::ops::AddAssign for Motion {
    fn add_assign(&mut self, other: Self) {
        self.residual += other.residual;
        self.total += other.total;
        self.noise += other.noise;
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
    pub expected: f64,
}

impl Step {
    /// What the step costs, and the offset that the path has after it.
    ///
    /// The offset is a play: it stays while the partner is the nearest to where it says, follows slowly within that, and
    /// is dragged beyond. So a change of frame rate wobbles freely, drift costs little and evenly, and a frame that is
    /// lost or repeated costs once.
    pub fn cost(self) -> (f64, f64) {
        let uneven = ((self.reference - self.distorted).abs() / self.interval - 0.55).max(0.0);
        let (off, slack) = (self.offset - self.expected, 0.55 * self.interval);
        let drag = (off.abs() - slack).max(0.0);
        let cost = UNEVEN * uneven + DRIFT * drag / self.interval;
        if cost >= JUMP {
            return (JUMP, self.offset);
        }
        let dragged = self.expected + drag * off.signum();
        (cost, dragged + (self.offset - dragged) / 16.0)
    }
}

/// 0 up to the first limit, 1 from the second on.
pub(super) fn ramp(value: f64, [from, to]: [f64; 2]) -> f64 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

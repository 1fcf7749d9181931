// SPDX-License-Identifier: MPL-2.0

//! From phases to a translation.

use std::f64::consts::TAU;

/// Neighboring frequencies that Hann's window and the smoothing combine.
const DEPENDENT: f64 = 9.0;

/// The contribution of one frequency to the translation.
pub(super) struct Term {
    /// Radians per pixel.
    pub wave: [f64; 2],
    /// γ² / (1 - γ²).
    pub weight: f64,
    pub phase: f64,
    /// The power that both share there, then that of each.
    pub common: f64,
    pub power: [f64; 2],
}

/// The translation that fits the phases best.
pub(super) struct Fit {
    /// In pixels.
    pub rest: [f64; 2],
    /// Its standard error.
    pub error: [f64; 2],
    /// The correlation of both once the translation is undone.
    pub alike: f64,
}

impl Fit {
    /// `None` if the phases determine no translation in some direction; tiles have `side` rows.
    pub fn of(terms: &[Term], side: usize) -> Option<Self> {
        let mut rest = [0.0; 2];
        let turned = |term: &Term, rest: [f64; 2]| term.phase + term.wave[0] * rest[0] + term.wave[1] * rest[1];
        // [xx, xy, yy] and its inverse.
        let mut information = [0.0; 3];
        for term in terms {
            information[0] += term.weight * term.wave[0] * term.wave[0];
            information[1] += term.weight * term.wave[0] * term.wave[1];
            information[2] += term.weight * term.wave[1] * term.wave[1];
        }
        let [xx, xy, yy] = information;
        let determinant = xx * yy - xy * xy;
        if determinant.partial_cmp(&(1e-6 * xx * yy)) != Some(std::cmp::Ordering::Greater)
            || blind(terms, information, side)
        {
            return None;
        }
        let solve = |[x, y]: [f64; 2]| [(yy * x - xy * y) / determinant, (xx * y - xy * x) / determinant];
        for _ in 0..ROUNDS {
            let mut pull = [0.0; 2];
            for term in terms {
                let sine = term.weight * turned(term, rest).sin();
                pull[0] -= sine * term.wave[0];
                pull[1] -= sine * term.wave[1];
            }
            let step = solve(pull);
            rest = [rest[0] + step[0], rest[1] + step[1]];
            if step.iter().all(|s| s.abs() < CLOSE) {
                break;
            }
        }
        // The scatter of the phases around the fit gives its uncertainty.
        let mut scatter = [0.0; 3];
        for term in terms {
            let pull = term.weight * turned(term, rest).sin();
            scatter[0] += (pull * term.wave[0]).powi(2);
            scatter[1] += pull * pull * term.wave[0] * term.wave[1];
            scatter[2] += (pull * term.wave[1]).powi(2);
        }
        let error = |[a, b]: [f64; 2]| {
            DEPENDENT.sqrt() * (a * a * scatter[0] + 2.0 * a * b * scatter[1] + b * b * scatter[2]).max(0.0).sqrt()
        };
        let error = [error([yy / determinant, -xy / determinant]), error([-xy / determinant, xx / determinant])];
        let common: f64 = terms.iter().map(|term| term.common * turned(term, rest).cos()).sum();
        let power = [0, 1].map(|i| terms.iter().map(|term| term.power[i]).sum::<f64>());
        let alike = common / (power[0] * power[1]).sqrt();
        (rest.iter().chain(&error).all(|v| v.is_finite()) && alike.is_finite()).then_some(Self { rest, error, alike })
    }
}

/// Whether the translation is undetermined in some direction, as along stripes, where any structure comes from the
/// window alone.
fn blind(terms: &[Term], [xx, xy, yy]: [f64; 3], side: usize) -> bool {
    // The direction of the smaller eigenvalue.
    let angle = 0.5 * (2.0 * xy).atan2(xx - yy) + TAU / 4.0;
    let along = |term: &Term| (term.wave[0] * angle.cos() + term.wave[1] * angle.sin()).abs();
    let window = TAU * LEAK / side as f64;
    let all: f64 = terms.iter().map(|term| term.weight * along(term).powi(2)).sum();
    let beyond: f64 = terms.iter().map(|term| term.weight * (along(term) - window).max(0.0).powi(2)).sum();
    beyond < SEEN * all
}

/// How far the window and the sum of neighbors widen everything, in waves per tile.
const LEAK: f64 = 3.5;
/// The share of the information about a direction that must not come from the window.
const SEEN: f64 = 0.15;

/// Most steps to the best fit; each reduces the error many times.
const ROUNDS: usize = 12;
/// A step this short, in pixels, is the last.
const CLOSE: f64 = 1e-4;

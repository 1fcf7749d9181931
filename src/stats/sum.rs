// SPDX-License-Identifier: MPL-2.0

//! A sum whose rounding error does not grow with the number of terms.

/// Neumaier's compensated sum: 10⁹ terms lose no more precision than ten.
///
/// A. Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, ZAMM 54 (1974), 39–51.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(super) fn add(&mut self, term: f64) {
        let next = self.sum + term;
        self.lost += if self.sum.abs() >= term.abs() { (self.sum - next) + term } else { (term - next) + self.sum };
        self.sum = next;
    }

    pub(super) fn total(self) -> f64 {
        self.sum + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn small_terms_are_not_lost_beside_a_large_sum() {
        let (mut sum, mut plain) = (Sum::default(), 0.0);
        for term in std::iter::once(1e16).chain(std::iter::repeat_n(1.0, 1000)).chain([-1e16]) {
            sum.add(term);
            plain += term;
        }
        assert_eq!(sum.total(), 1000.0);
        assert_ne!(plain, 1000.0, "a plain sum is good enough for this, so the test shows nothing");
    }

    #[test]
    fn a_large_term_after_small_ones_keeps_them() {
        let mut sum = Sum::default();
        for term in [1.0, 1e100, 1.0, -1e100] {
            sum.add(term);
        }
        assert_eq!(sum.total(), 2.0);
    }
}

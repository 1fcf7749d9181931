// SPDX-License-Identifier: MPL-2.0

//! Where two pictures differ.

use super::{EvidenceError, Shown};

/// How much a difference is amplified.
pub const DIFFERENCE_GAIN: i16 = 4;

/// The difference `two` − `one`, times [`DIFFERENCE_GAIN`], around the gray of 128: gray where the two are equal.
///
/// # Errors
/// When the pictures differ in size.
pub fn difference(one: &Shown, two: &Shown) -> Result<Shown, EvidenceError> {
    if (one.width, one.height) != (two.width, two.height) {
        return Err(EvidenceError::Sizes { one: [one.width, one.height], two: [two.width, two.height] });
    }
    let amplified = |(one, two): (&u8, &u8)| {
        let difference = (i16::from(*two) - i16::from(*one)) * DIFFERENCE_GAIN + 128;
        difference.clamp(0, 255) as u8
    };
    let pixels = one.pixels.iter().zip(&two.pixels).map(amplified).collect();
    Ok(Shown { width: one.width, height: one.height, pixels })
}

#[cfg(test)]
mod tests {
    use super::{EvidenceError, Shown, difference};

    #[test]
    fn gray_is_no_difference() {
        let one = Shown { width: 2, height: 1, pixels: vec![10, 20, 30, 0, 255, 100] };
        let two = Shown { pixels: vec![10, 21, 28, 255, 0, 100], ..one.clone() };
        assert_eq!(difference(&one, &two).unwrap().pixels, [128, 132, 120, 255, 0, 128]);
        let other = Shown { width: 1, height: 2, ..one.clone() };
        assert_eq!(difference(&one, &other), Err(EvidenceError::Sizes { one: [2, 1], two: [1, 2] }));
    }
}
